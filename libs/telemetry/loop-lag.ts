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

  /** The mean lag of the last half second, by time: one hold of 300 ms weighs as much as thirty of 10 ms. */
  get ms(): number {
    return this.lastMs;
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.delays.disable();
  }

  private endWindow(): void {
    // A long hold is one sample like any other. Weighted by its length, the mean is that of the squares, divided by the mean.
    const [meanMs, deviationMs] = [this.delays.mean / NANOSECONDS, this.delays.stddev / NANOSECONDS];
    const byTimeMs = (meanMs ** 2 + deviationMs ** 2) / meanMs;
    // The time between two samples includes the time for which the sampler sleeps.
    this.lastMs = Number.isFinite(byTimeMs) ? Math.max(0, byTimeMs - SAMPLE_MS) : 0;
    this.delays.reset();
  }
}
