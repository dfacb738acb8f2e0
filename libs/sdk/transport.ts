import { type Credential } from './credentials.js';
import { KEYED_ROUTES } from './generated/keyed-routes.js';
import { retryAfterOf } from './problem-error.js';

/** Limits of the retries of a request that was not answered, or that was put off. */
export interface RetryOptions {
  /** Tries after the first; 4 by default. */
  readonly retries?: number;
  /** The first pause, which doubles with each further try; 200 ms by default. A Retry-After of the API replaces it. */
  readonly retryDelayMs?: number;
}

const KEY = 'idempotency-key';
const LONGEST_PAUSE_MS = 10_000;
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const AWAY = new Set([502, 503, 504]);

/** Whether the route of a request takes an Idempotency-Key, by the API document. */
function takesKey({ method, url }: Request): boolean {
  const { pathname } = new URL(url);
  return method === 'POST' && KEYED_ROUTES.some((route) => route.test(pathname));
}

/**
 * A `fetch` that signs requests, renews an expired access token, and repeats what is safe to repeat: reads, PUT and DELETE, and requests
 * with an Idempotency-Key, which is added where the route takes one. A request that a limit refused (429) was not carried out, and is repeated
 * in any case.
 */
export function createTransport(
  credential: Credential,
  fetch: typeof globalThis.fetch,
  { retries = 4, retryDelayMs = 200 }: RetryOptions,
): (request: Request, signal?: AbortSignal) => Promise<Response> {
  const sendSigned = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const bearer = credential.bearer;
    const copy = request.clone();
    if (bearer !== undefined && !copy.headers.has('authorization'))
      copy.headers.set('authorization', `Bearer ${bearer}`);
    return untilAborted(fetch(copy), signal);
  };
  const sendRenewed = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const bearer = credential.bearer;
    const response = await sendSigned(request, signal);
    if (response.status !== 401 || request.url.includes('/v1/auth/') || !(await credential.renew(bearer)))
      return response;
    await response.body?.cancel();
    return sendSigned(request, signal);
  };
  return async (request, signal = request.signal) => {
    if (takesKey(request) && !request.headers.has(KEY)) request.headers.set(KEY, crypto.randomUUID());
    const isRepeatable = REPEATABLE.has(request.method) || request.headers.has(KEY);
    for (let tries = 0; ; tries++) {
      const backoffMs = Math.min(retryDelayMs * 2 ** tries, LONGEST_PAUSE_MS);
      try {
        const response = await sendRenewed(request, signal);
        if (tries >= retries || !isWorthAnother(response, isRepeatable)) return response;
        await response.body?.cancel();
        const seconds = retryAfterOf(response);
        await pause(seconds === undefined ? backoffMs : Math.min(seconds * 1000, LONGEST_PAUSE_MS), signal);
      } catch (error) {
        // `fetch` fails by TypeError when there was no answer.
        if (!(error instanceof TypeError) || tries >= retries || !isRepeatable) throw error;
        await pause(backoffMs, signal);
      }
    }
  };
}

function isWorthAnother(response: Response, isRepeatable: boolean): boolean {
  const { status } = response;
  if (status === 429) return true;
  // The first request with the same key is still under way.
  const isBusy = status === 409 && retryAfterOf(response) !== undefined;
  return isRepeatable && (AWAY.has(status) || isBusy);
}

/**
 * The response, or the reason of the signal if that comes first.
 *
 * A `Request` follows the signal that it is given by a weak reference only, so that a collection of garbage can cut the link between a caller's
 * signal and `fetch`. The listener here is held by the signal itself.
 */
async function untilAborted(response: Promise<Response>, signal: AbortSignal): Promise<Response> {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([response, aborted]);
  } catch (error) {
    // A response that still comes is not read, and its connection is free again.
    if (signal.aborted) void response.then(({ body }) => body?.cancel()).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Waits; a signal ends the wait by its reason. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      signal?.removeEventListener('abort', stop);
      resolve();
    }
    function stop(): void {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}
