import { describe, expect, it } from '@jest/globals';

import { WorkGate } from './work-gate.js';

/** Work that ends when it is told to. */
function work(): { run: () => Promise<string>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { run: () => promise, end: () => resolve('done') };
}

describe('the gate before expensive work', () => {
  it('never lets more run at once than it should, and lets all run in the end', async () => {
    const gate = new WorkGate({ concurrency: 3, maxWaiting: 100, retryAfterSeconds: 1 });
    let running = 0;
    let most = 0;
    const all = Array.from({ length: 50 }, () =>
      gate.run(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      }),
    );
    await Promise.all(all);
    expect(most).toBe(3);
  });

  it('turns away what would wait behind too many, and says when to come back', async () => {
    const gate = new WorkGate({ concurrency: 1, maxWaiting: 1, retryAfterSeconds: 2 });
    const [first, second] = [work(), work()];
    const running = [gate.run(first.run), gate.run(second.run)];
    await expect(gate.run(work().run)).rejects.toMatchObject({
      code: 'AUTH.BUSY',
      kind: 'unavailable',
      facts: { retryAfterSeconds: 2 },
    });
    first.end();
    second.end();
    await Promise.all(running);
  });

  it('goes on after work that failed', async () => {
    const gate = new WorkGate({ concurrency: 1, maxWaiting: 5, retryAfterSeconds: 1 });
    await expect(gate.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(gate.run(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
