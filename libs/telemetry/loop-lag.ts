import { monitorEventLoopDelay } from 'node:perf_hooks';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** How often the delay is sampled, and over how long a time it is averaged, in milliseconds. */
const SAMPLE_MS = 20;
const WINDOW_MS = 500;

const NANOSECONDS = 1e6;

/** Measures how late the event loop of this process runs what is due. */
@Injectable()
export class LoopLag implements OnApplicationShutdown {
  private readonly delays = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  private readonly timer = setInterval(() => this.endWindow(), WINDOW_MS);
  private lastMs = 0;

  constructor() {
    this.delays.enable();
    this.timer.unref();
  }

  /** The mean lag of the last half second. */
  get ms(): number {
    return this.lastMs;
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.delays.disable();
  }

  private endWindow(): void {
    // The time between two samples includes the time for which the sampler sleeps.
    const meanMs = this.delays.mean / NANOSECONDS - SAMPLE_MS;
    this.lastMs = Number.isFinite(meanMs) ? Math.max(0, meanMs) : 0;
    this.delays.reset();
  }
}
