import { setTimeout as sleep } from 'node:timers/promises';

import { type Problem } from './api-types.js';
import { Stop } from './stop.js';

/** One request. */
export interface Call<T> {
  readonly method: 'GET' | 'POST';
  /** Below the service's address. */
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  /**
   * What to do when the connection was lost after the request had been sent, so that nobody knows whether it was carried out.
   *
   * `again`: it does no harm twice. A function looks, before every repetition: it gives the answer when the request was carried out,
   * and undefined when it was not.
   */
  readonly whenUnsure: 'again' | (() => Promise<T | undefined>);
}

/** A refusal by the service that no second try will change. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    request: string,
  ) {
    const { code = 'no code', detail = problem.title ?? '', errors = [] } = problem;
    const fields = errors.map(({ pointer, message }) => `\n  ${pointer} ${message}`).join('');
    super(`${request} was answered by ${status} (${code}): ${detail}${fields}`);
    this.name = 'Refusal';
  }
}

/** Why a request got no answer that can be used, though it may get one later. */
interface Trouble {
  /** In words that follow "the service". */
  readonly what: string;
  readonly waitMs?: number;
}

/** How long a request is tried before the demo gives up, and how long one try may take. */
const PATIENCE_MS = 60_000;
const TRY_MS = 30_000;

/** What is over sooner than this is not worth a line. */
const WORTH_TELLING_MS = 250;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Statuses of a service that is away or busy, or of a proxy that does not reach it. */
const NOT_NOW: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Speaks to the service: JSON over HTTP, patient while it is away, busy, or being restarted. */
export class Api {
  private awaySince: number | undefined;
  private isTold = false;

  constructor(
    readonly url: string,
    /** Told what a person may want to know: that the service is away, and that it is back. */
    private readonly notice: (message: string) => void,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Whether the latest word was that the service is away. */
  get isAway(): boolean {
    return this.awaySince !== undefined;
  }

  /** Asks once whether a service is there, then waits until it is ready. @throws Stop with exit code 2 when there is none */
  async connect(): Promise<void> {
    let status: number;
    try {
      const response = await fetch(`${this.url}/health/live`, { signal: AbortSignal.timeout(TRY_MS) });
      await response.arrayBuffer();
      status = response.status;
    } catch (error) {
      throw new Stop(
        `Nothing to talk to at ${this.url}: it ${troubleOf(error).what}.\n` +
          'Start one with `npm start` in another terminal, wait until it says that it is ready, and try again;\n' +
          'if it runs elsewhere, say where: npm run demo -- --url URL',
        2,
      );
    }
    if (status === 404) throw new Stop(`What answers at ${this.url} is not Stowage: it has no /health/live.`, 2);
    await this.call({ method: 'GET', path: '/health/ready', whenUnsure: 'again' });
  }

  /**
   * Sends a request until it is answered, for up to a minute.
   *
   * @throws Refusal for an answer that no second try will change; Stop when there was none in time
   */
  async call<T>(request: Call<T>): Promise<T> {
    const deadline = performance.now() + this.patienceMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const result = await this.attempt(request);
      if ('answer' in result) return result.answer;
      const { what, waitMs = 0 } = result;
      const wait = Math.max(waitMs, pauseMs);
      if (performance.now() + wait > deadline) {
        throw new Stop(`The service at ${this.url} ${what}: given up after ${this.patienceMs / 1000} s.`, 1);
      }
      this.noteAway(what);
      await sleep(wait);
      const found = typeof request.whenUnsure === 'function' ? await request.whenUnsure() : undefined;
      if (found !== undefined) return found;
    }
  }

  private async attempt<T>(request: Call<T>): Promise<{ answer: T } | Trouble> {
    const { method, path, token, body } = request;
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TRY_MS),
      });
      const text = await response.text();
      if (response.ok) {
        this.noteBack();
        return { answer: (text === '' ? undefined : JSON.parse(text)) as T };
      }
      return this.refuse(response, text, nameOf(request));
    } catch (error) {
      if (error instanceof Refusal) throw error;
      return troubleOf(error);
    }
  }

  /** @throws Refusal unless a later try may fare better */
  private refuse(response: Response, text: string, request: string): Trouble {
    const { status, headers } = response;
    const problem = parseProblem(text);
    if (NOT_NOW.has(status)) {
      return { what: `answers ${status} (${reasonOf(problem)})`, waitMs: retryAfterMs(headers.get('retry-after')) };
    }
    this.noteBack();
    throw new Refusal(status, problem, request);
  }

  private noteAway(what: string): void {
    this.awaySince ??= performance.now();
    if (this.isTold || performance.now() - this.awaySince < WORTH_TELLING_MS) return;
    this.isTold = true;
    this.notice(`the service ${what}: trying again for up to ${this.patienceMs / 1000} s`);
  }

  private noteBack(): void {
    if (this.awaySince === undefined) return;
    const seconds = (performance.now() - this.awaySince) / 1000;
    this.awaySince = undefined;
    if (!this.isTold) return;
    this.isTold = false;
    this.notice(`the service answers again, after ${seconds.toFixed(1)} s`);
  }
}

/** What `Retry-After` asks for, in milliseconds: seconds, or a date. 0 where it asks for nothing that can be understood. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number {
  if (header === null || header === '') return 0;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
}

/** The code of a problem, and what a health check found where it is one. */
function reasonOf({ code = 'no code', checks = {} }: Problem): string {
  const found = Object.entries(checks).map(([what, state]) => `${what} ${String(state)}`);
  return found.length === 0 ? code : `${code}: ${found.join(', ')}`;
}

function parseProblem(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

interface Cause {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
}

/** What a failed fetch says, by the code of its cause. @throws what is no failure of a connection */
function troubleOf(error: unknown): Trouble {
  for (let cause = error; isCause(cause); cause = cause.cause) {
    if (typeof cause.code === 'string') return { what: sayingOf(cause.code) };
    if (cause.name === 'TimeoutError') return { what: `gives no answer within ${TRY_MS / 1000} s` };
  }
  throw error;
}

function isCause(value: unknown): value is Cause {
  return typeof value === 'object' && value !== null;
}

function sayingOf(code: string): string {
  if (code === 'ECONNREFUSED') return 'refuses connections';
  return code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE'
    ? 'lost the connection'
    : `cannot be reached (${code})`;
}

function nameOf({ method, path }: Call<unknown>): string {
  return `${method} ${path}`;
}
