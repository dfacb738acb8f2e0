import { describe, expect, it } from '@jest/globals';

import { ConcurrencyLimit } from './concurrency-limit.js';

/** A task that ends on demand. */
function aTask(): { run: () => Promise<string>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { run: () => promise, end: () => resolve('done') };
}

describe('the concurrency limit', () => {
  it('runs at most the given number of tasks at once, and all of them in the end', async () => {
    const limit = new ConcurrencyLimit({ concurrency: 3, maxWaiting: 100, retryAfterSeconds: 1 });
    let running = 0;
    let most = 0;
    const all = Array.from({ length: 50 }, () =>
      limit.run(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      }),
    );
    await Promise.all(all);
    expect(most).toBe(3);
  });

  it('refuses a task that would wait behind too many, and says when to come back', async () => {
    const limit = new ConcurrencyLimit({ concurrency: 1, maxWaiting: 1, retryAfterSeconds: 2 });
    const [first, second] = [aTask(), aTask()];
    const running = [limit.run(first.run), limit.run(second.run)];
    await expect(limit.run(aTask().run)).rejects.toMatchObject({
      code: 'AUTH.BUSY',
      kind: 'unavailable',
      facts: { retryAfterSeconds: 2 },
    });
    first.end();
    second.end();
    await Promise.all(running);
  });

  it('continues after a task that failed', async () => {
    const limit = new ConcurrencyLimit({ concurrency: 1, maxWaiting: 5, retryAfterSeconds: 1 });
    await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(limit.run(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
