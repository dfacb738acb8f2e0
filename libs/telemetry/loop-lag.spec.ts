import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';

import { LoopLag } from './loop-lag.js';

/** Longer than the time over which the lag is averaged. */
const LONG_MS = 1_200;

/** Keeps the event loop of this process from anything else. */
function hold(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('LoopLag', () => {
  const lag = new LoopLag();

  afterEach(() => lag.onApplicationShutdown());

  it('exceeds its usual limit while the event loop is held for most of the time, a few times a second', async () => {
    let largest = 0;
    for (const endMs = performance.now() + LONG_MS; performance.now() < endMs;) {
      hold(250);
      await sleep(150);
      largest = Math.max(largest, lag.ms);
    }
    expect(largest).toBeGreaterThan(100);
  });
});
