import type { Problem } from './generated/index.js';

/** A refusal of the API: an RFC 9457 problem. Programs decide by `code`; `/problems/{code}` of the API explains each. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** Stable, such as `DEPLOYMENTS.EXCEEDS_CAPACITY`. */
  readonly code: string;
  /** Identifies the request in the service's logs. */
  readonly requestId: string;
  /** The pause before the next try, where the API names one. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    /** The whole problem document, with the facts that belong to its code. */
    readonly problem: Problem & Readonly<Record<string, unknown>>,
    retryAfterSeconds?: number,
  ) {
    super(`${problem.code}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Converts an answer to an error; one that is no problem document comes from a proxy before the API. */
export function errorOf(body: unknown, response: Response): Error {
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body) {
    return new ProblemError(body as ConstructorParameters<typeof ProblemError>[0], retryAfterOf(response));
  }
  return new Error(`the answer ${response.status} to ${response.url} is no problem document`, { cause: body });
}

/** The seconds of `Retry-After`. */
export function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
