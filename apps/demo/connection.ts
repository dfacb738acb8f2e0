import { setTimeout as sleep } from 'node:timers/promises';

import { Stowage, type StowageOptions } from '@stowage/sdk';

import { Stop } from './stop.js';

/** How long the service may be away before the demo ends, and how long one request may take. */
const PATIENCE_MS = 60_000;
const REQUEST_MS = 30_000;

/** Shorter outages are not reported. */
const REPORTED_OUTAGE_MS = 250;

const FIRST_PAUSE_MS = 100;

/** Statuses of a service that is away or busy, or of a proxy that does not reach it. */
const UNAVAILABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Keeps the demo going while the service is away, busy or being restarted; reports that it is away, and that it is back. */
export class Connection {
  private awaySince: number | undefined;
  private isReported = false;

  constructor(
    readonly url: string,
    private readonly report: (message: string) => void,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** For clients of the SDK. {@link fetch} ends their retries. */
  get options(): StowageOptions {
    return { baseUrl: this.url, fetch: this.fetch, retries: Infinity, retryDelayMs: FIRST_PAUSE_MS };
  }

  get isAway(): boolean {
    return this.awaySince !== undefined;
  }

  /** Checks that Stowage answers, then waits until it is ready. @throws Stop with exit code 2 when nothing answers */
  async open(): Promise<void> {
    const live = await fetch(`${this.url}/health/live`, { signal: AbortSignal.timeout(REQUEST_MS) }).catch(
      (error: unknown) => {
        throw new Stop(
          `Nothing answers at ${this.url}: it ${troubleOf(error)}.\n` +
            'Start it with `npm start` in another terminal, wait until it reports that it is ready, and try again;\n' +
            'if it runs elsewhere, give its address: npm run demo -- --url URL',
          2,
        );
      },
    );
    if (live.status === 404) throw new Stop(`${this.url} is not Stowage: it has no /health/live.`, 2);
    await new Stowage(this.options).getReadiness();
  }

  /** Repeats a request whose connection was lost; only for requests that do no harm twice. */
  async repeat<T>(request: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        await sleep(FIRST_PAUSE_MS);
      }
    }
  }

  /** @throws TypeError when there was no answer, as `fetch` does; Stop when there has been none for too long */
  private readonly fetch = async (request: Parameters<typeof fetch>[0]): Promise<Response> => {
    try {
      const response = await fetch(request, { signal: AbortSignal.timeout(REQUEST_MS) });
      if (UNAVAILABLE.has(response.status)) this.noteAway(`answers ${response.status}${await reasonOf(response)}`);
      else this.noteBack();
      return response;
    } catch (error) {
      if (error instanceof Stop) throw error;
      this.noteAway(troubleOf(error));
      throw new TypeError('the request was not answered', { cause: error });
    }
  };

  private noteAway(trouble: string): void {
    this.awaySince ??= performance.now();
    const awayMs = performance.now() - this.awaySince;
    if (awayMs > this.patienceMs) {
      throw new Stop(`The service at ${this.url} ${trouble}: given up after ${this.patienceMs / 1000} s.`, 1);
    }
    if (this.isReported || awayMs < REPORTED_OUTAGE_MS) return;
    this.isReported = true;
    this.report(`the service ${trouble}: trying again for up to ${this.patienceMs / 1000} s`);
  }

  private noteBack(): void {
    if (this.awaySince === undefined) return;
    const seconds = (performance.now() - this.awaySince) / 1000;
    this.awaySince = undefined;
    if (!this.isReported) return;
    this.isReported = false;
    this.report(`the service answers again, after ${seconds.toFixed(1)} s`);
  }
}

/** Code and health checks of a problem document, in parentheses. */
async function reasonOf(response: Response): Promise<string> {
  try {
    const { code = 'no code', checks = {} } = (await response.clone().json()) as { code?: string; checks?: object };
    return ` (${[code, ...Object.entries(checks).map(([name, state]) => `${name} ${String(state)}`)].join(', ')})`;
  } catch {
    return '';
  }
}

/** Why `fetch` failed, by the code of its cause. */
function troubleOf(error: unknown): string {
  const { name, cause } = error as Error;
  if (name === 'TimeoutError') return `gives no answer within ${REQUEST_MS / 1000} s`;
  const { code = name } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'refuses connections';
  return ['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'].includes(code)
    ? 'lost the connection'
    : `cannot be reached (${code})`;
}
