/**
 * The kind of a refusal, by what the caller can do about it. Only `http` maps kinds to status codes.
 */
export type DomainErrorKind =
  | 'invalid' // the input breaks a rule
  | 'unauthenticated' // the caller is unknown
  | 'forbidden' // the caller lacks a permission
  | 'not-found' // does not exist or is not visible to the caller: both are answered alike
  | 'conflict' // valid, but not in the current state
  | 'precondition-failed' // the caller's copy is stale
  | 'gone' // existed, and is gone for good
  | 'unprocessable' // valid, but impossible
  | 'too-many' // over a limit: possible later
  | 'full' // the service has no room for more
  | 'unavailable'; // a temporary fault of the service

/** One wrong field: an RFC 6901 pointer into the body or the parameter's name, the code of the rule, and what is expected. */
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
 * Libs declare theirs in `x.errors.ts`; any other thrown error is answered as an internal error without detail.
 */
export class DomainError extends Error {
  /**
   * @param code stable, of the form `AREA.REASON` in capitals (checked)
   * @param kind what the caller can do about it
   * @param message one sentence for a person, without secrets
   * @param facts numbers and states of the refusal
   * @param fields for invalid input: each wrong field
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
