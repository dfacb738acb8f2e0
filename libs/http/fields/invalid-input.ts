import type { DomainError, FieldError } from '#kernel';

import { RequestErrors } from '../problems/request.errors.js';

/** The refusal of input that breaks rules. */
export function invalidInput(errors: readonly FieldError[]): DomainError {
  return RequestErrors.INVALID.because(detailOf(errors), {}, errors);
}

/** One sentence about the first error, for those who read only that. */
function detailOf([first, ...others]: readonly FieldError[]): string {
  const rest = others.length > 0 ? ` (and ${others.length} more)` : '';
  return first === undefined ? 'The input is not valid.' : `${first.pointer} ${first.message}${rest}.`;
}
