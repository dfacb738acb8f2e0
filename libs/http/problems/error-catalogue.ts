import { DomainError, type DomainErrorKind, type ErrorFacts, type FieldError } from '#kernel';

/** What every problem says of itself: no fact may have such a name, because it would be lost. */
const PROBLEM_MEMBERS = ['type', 'title', 'status', 'detail', 'code', 'requestId', 'errors'] as const;

/** What a lib says of one of its errors. */
export interface ErrorDeclaration {
  readonly kind: DomainErrorKind;
  /** A few words that are always the same for this code. */
  readonly title: string;
  /** The sentence of an occurrence about which nothing else is said, where the title would not tell what is needed. */
  readonly detail?: string;
  /** For a reader of `/problems/{code}`: when it happens, and what to do about it. */
  readonly explanation: string;
}

/** Everything that is known of a code. */
export interface ErrorEntry {
  readonly code: string;
  /** The HTTP status with which it is answered. */
  readonly status: number;
  readonly title: string;
  /** What is said of an occurrence when nothing else is; the title where left out. */
  readonly detail?: string;
  readonly explanation: string;
}

/** One status per kind: the only place where a domain error gets one. */
export const STATUS_BY_KIND: Readonly<Record<DomainErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  'precondition-failed': 412,
  unprocessable: 422,
  'too-many': 429,
  unavailable: 503,
};

const catalogue = new Map<string, ErrorEntry>();

/**
 * Enters a code into the catalogue of the process.
 *
 * @throws TypeError when the code is taken
 */
export function enterIntoCatalogue(entry: ErrorEntry): void {
  if (catalogue.has(entry.code)) {
    throw new TypeError(`the error code ${entry.code} is declared twice`);
  }
  catalogue.set(entry.code, Object.freeze(entry));
}

/** What is known of a code; undefined for an unknown one. */
export function findError(code: string): ErrorEntry | undefined {
  return catalogue.get(code);
}

/** All declared errors, by code. */
export function errorCatalogue(): readonly ErrorEntry[] {
  return [...catalogue.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** One sentence about the first wrong field, for those who read only that; undefined when no field is wrong. */
function sentenceOf([first, ...others]: readonly FieldError[]): string | undefined {
  if (first === undefined) return undefined;
  const what = first.pointer === '#' ? 'The body' : first.pointer;
  const rest = others.length > 0 ? ` (and ${others.length} more ${others.length === 1 ? 'error' : 'errors'})` : '';
  return `${what} ${first.message}${rest}.`;
}

/** An expected refusal with a stable code, declared once by a lib, from which the errors that are thrown are made. */
export class DeclaredError implements ErrorEntry {
  readonly status: number;
  readonly kind: DomainErrorKind;
  readonly title: string;
  readonly explanation: string;
  /** What is said of an occurrence when nothing else is. */
  readonly detail: string;

  constructor(
    readonly code: string,
    { kind, title, detail = `${title}.`, explanation }: ErrorDeclaration,
  ) {
    this.kind = kind;
    this.detail = detail;
    this.status = STATUS_BY_KIND[kind];
    this.title = title;
    this.explanation = explanation;
  }

  /**
   * The error to throw.
   *
   * @param detail one sentence about this occurrence; when left out, about the first wrong field, or the declared one, or the title. Never a secret
   * @param facts numbers and states that belong to the refusal; `retryAfterSeconds` becomes the header too
   * @param fields which fields are wrong
   */
  because(detail?: string, facts: ErrorFacts = {}, fields: readonly FieldError[] = []): DomainError {
    const taken = PROBLEM_MEMBERS.find((member) => member in facts);
    if (taken !== undefined) throw new TypeError(`${this.code}: a problem has a member ${taken} of its own`);
    return new DomainError(this.code, this.kind, detail ?? sentenceOf(fields) ?? this.detail, facts, fields);
  }
}

/**
 * Declares the errors of a lib, once, in its `x.errors.ts`. Codes are `AREA.REASON` and never change once released.
 *
 * ```ts
 * export const ClusterErrors = defineErrors('CLUSTERS', {
 *   NOT_FOUND: { kind: 'not-found', title: 'Cluster not found', explanation: 'No cluster with this id is visible to you.' },
 * });
 * throw ClusterErrors.NOT_FOUND.because();
 * ```
 *
 * @throws TypeError when a code is declared twice in the process, or is not of that form
 */
export function defineErrors<const R extends string>(
  area: string,
  declarations: Readonly<Record<R, ErrorDeclaration>>,
): Readonly<Record<R, DeclaredError>> {
  const declared = {} as Record<R, DeclaredError>;
  for (const reason of Object.keys(declarations) as R[]) {
    const error = new DeclaredError(`${area}.${reason}`, declarations[reason]);
    error.because();
    enterIntoCatalogue(error);
    declared[reason] = error;
  }
  return Object.freeze(declared);
}
