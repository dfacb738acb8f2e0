import type { DomainError, FieldError } from '#kernel';

import { RequestErrors } from '../problems/request.errors.js';

/** The error for input that breaks rules. */
export function invalidInput(errors: readonly FieldError[]): DomainError {
  return RequestErrors.INVALID.because(undefined, {}, errors);
}
