import { setTimeout as sleep } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

/** The pause where the work could not say how long it is. */
const PAUSE_UNKNOWN_MS = 1_000;

/** Work that repeats beside the requests or passes of a process. */
export interface BackgroundWork {
  /** Names the task in logs: "NAME failed ...". */
  readonly name: string;
  /** One run. It may throw: the task logs one warning and goes on. */
  run(): Promise<unknown>;
  /** The time from the end of one run to the next, in milliseconds; a function is asked after each run. */
  readonly pauseMs: number | (() => Promise<number>);
}

/** Repeats work until it is stopped. Nothing that fails in it leaves it. */
export class BackgroundTask {
  private readonly logger = new Logger(BackgroundTask.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly work: BackgroundWork) {}

  /** Aborted when the task is to stop. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  start(): void {
    this.running = Promise.resolve().then(() => this.repeat());
  }

  /** Begins no other run, and waits until the current one has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Runs a step, then rests, so that steps take at most 1/`share` of the time. The rest ends early on shutdown. */
  async paced<T>(share: number, step: () => Promise<T>, maxRestMs = Infinity): Promise<T> {
    const startedMs = performance.now();
    const result = await step();
    await this.rest(Math.min((performance.now() - startedMs) * (share - 1), maxRestMs));
    return result;
  }

  private async repeat(): Promise<void> {
    while (!this.signal.aborted) {
      await this.attempt(() => this.work.run());
      await this.rest(await this.pauseMs());
    }
  }

  private async attempt(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!this.signal.aborted) this.logger.warn(`${this.work.name} failed, and will run again: ${String(error)}`);
    }
  }

  private async pauseMs(): Promise<number> {
    const { pauseMs } = this.work;
    if (typeof pauseMs === 'number') return pauseMs;
    return pauseMs().catch(() => PAUSE_UNKNOWN_MS);
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal, ref: false }).catch(() => undefined);
  }
}
