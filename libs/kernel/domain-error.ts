/**
 * What kind of refusal an error is. The kind says what the caller can do about it; only `http` knows which status code that becomes.
 */
export type DomainErrorKind =
  | 'invalid' // the input is not acceptable in itself
  | 'unauthenticated' // who is asking is not known
  | 'forbidden' // known, but may not
  | 'not-found' // does not exist, or is not visible to the caller: the two are never told apart
  | 'conflict' // acceptable in itself, but not in the present state
  | 'precondition-failed' // the caller's copy is stale
  | 'gone' // existed, and will not come back
  | 'unprocessable' // well-formed, but can never be done
  | 'too-many' // later, perhaps
  | 'unavailable'; // our fault, and temporary

/** One thing that is wrong with an input: where (RFC 6901 pointer into the body, or the parameter's name), which rule, in words. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** Facts that accompany an error, as JSON: numbers, states, limits. Never a secret, never another tenant's data. */
export type ErrorFacts = Readonly<Record<string, unknown>>;

/**
 * An expected refusal, with a code that never changes once released.
 *
 * Libs declare theirs in `x.errors.ts`; everything else that is thrown is a surprise and becomes an internal error without detail.
 */
export class DomainError extends Error {
  /**
   * @param code stable, of the form `AREA.REASON` in capitals (checked)
   * @param kind what the caller can do about it
   * @param message one sentence for a person, without secrets
   * @param facts numbers and states that belong to the refusal
   * @param fields for invalid input: each field and what is wrong with it
   */
  constructor(
    readonly code: string,
    readonly kind: DomainErrorKind,
    message: string,
    readonly facts: ErrorFacts = {},
    readonly fields: readonly FieldError[] = [],
  ) {
    super(message);
    this.name = 'DomainError';
    if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\.[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code)) {
      throw new TypeError(`an error code has the form AREA.REASON, not ${code}`);
    }
  }
}
