import { DomainError, type DomainErrorKind, type ErrorFacts, type FieldError } from '#kernel';

/** The members of every problem: a fact with such a name would be overwritten. */
const PROBLEM_MEMBERS = ['type', 'title', 'status', 'detail', 'code', 'requestId', 'errors'] as const;

/** The declaration of an error. */
export interface ErrorDeclaration {
  readonly kind: DomainErrorKind;
  /** A few words, the same for each occurrence of the code. */
  readonly title: string;
  /** The default sentence of an occurrence, where the title says too little. */
  readonly detail?: string;
  /** For readers of `/problems/{code}`: when it happens, and the remedy. */
  readonly explanation: string;
}

/** A code of the catalogue. */
export interface ErrorEntry {
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  readonly title: string;
  /** The default sentence of an occurrence; the title where left out. */
  readonly detail?: string;
  readonly explanation: string;
}

/** The status of each kind: the only place that maps domain errors to HTTP. */
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
  full: 507,
  unavailable: 503,
};

const catalogue = new Map<string, ErrorEntry>();

/**
 * Adds a code to the catalogue of the process.
 *
 * @throws TypeError when the code is taken
 */
export function addToCatalogue(entry: ErrorEntry): void {
  if (catalogue.has(entry.code)) {
    throw new TypeError(`the error code ${entry.code} is declared twice`);
  }
  catalogue.set(entry.code, Object.freeze(entry));
}

/** The entry of a code; undefined for an unknown one. */
export function findError(code: string): ErrorEntry | undefined {
  return catalogue.get(code);
}

/** All declared errors, by code. */
export function errorCatalogue(): readonly ErrorEntry[] {
  return [...catalogue.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** One sentence about the first wrong field, for the `detail`; undefined when no field is wrong. */
function sentenceOf([first, ...others]: readonly FieldError[]): string | undefined {
  if (first === undefined) return undefined;
  const what = first.pointer === '#' ? 'The body' : first.pointer;
  const rest = others.length > 0 ? ` (and ${others.length} more ${others.length === 1 ? 'error' : 'errors'})` : '';
  return `${what} ${first.message}${rest}.`;
}

/** A declared error with a stable code, which makes the errors to throw. */
export class DeclaredError implements ErrorEntry {
  readonly status: number;
  readonly kind: DomainErrorKind;
  readonly title: string;
  readonly explanation: string;
  /** The default sentence of an occurrence. */
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
   * @param detail one sentence about this occurrence, without secrets; left out, about the first wrong field, or the declared sentence, or the title
   * @param facts numbers and states of the refusal; `retryAfterSeconds` also becomes the header
   * @param fields the wrong fields
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
    addToCatalogue(error);
    declared[reason] = error;
  }
  return Object.freeze(declared);
}
