import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { type Applicant, PasswordGate, RESERVED_STARTS } from './password-gate.js';

const KNOWN: Applicant = { standing: 'known', network: 'home', account: 'owner' };
const aStranger = (number: number): Applicant => ({
  standing: 'stranger',
  network: `net-${number}`,
  account: `account-${number}`,
});

/** A task that ends on demand. */
function aTask(): { run: () => Promise<string>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { run: () => promise, end: () => resolve('done') };
}

describe('the password gate', () => {
  it('runs at most the given number of tasks at once, and all of them in the end', async () => {
    const gate = new PasswordGate({ concurrency: 3, maxWaiting: 100, retryAfterSeconds: 1, refusalPauseMs: 5 });
    let running = 0;
    let most = 0;
    const all = Array.from({ length: 50 }, (_, i) =>
      gate.run(i % 2 === 0 ? KNOWN : aStranger(i), async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      }),
    );
    await Promise.all(all);
    expect(most).toBe(3);
  });

  it('refuses one of those that would wait behind too many, and says when to come back', async () => {
    const gate = new PasswordGate(
      { concurrency: 1, maxWaiting: 1, retryAfterSeconds: 2, refusalPauseMs: 5 },
      () => 0.999,
    );
    const [first, second] = [aTask(), aTask()];
    const running = [gate.run(aStranger(1), first.run), gate.run(aStranger(2), second.run)];
    await expect(gate.run(aStranger(3), aTask().run)).rejects.toMatchObject({
      code: 'AUTH.BUSY',
      kind: 'unavailable',
      facts: { retryAfterSeconds: 2 },
    });
    expect(gate.waiting('stranger')).toBe(1);
    first.end();
    second.end();
    await Promise.all(running);
  });

  it('continues after a task that failed', async () => {
    const gate = new PasswordGate({ concurrency: 1, maxWaiting: 5, retryAfterSeconds: 1, refusalPauseMs: 5 });
    await expect(gate.run(KNOWN, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(gate.run(KNOWN, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  it('gives strangers at most one start in four while a known applicant waits, and no fewer while both wait', async () => {
    const arrival = fc.constantFrom('known', 'stranger', 'end');
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { maxLength: 120 }), fc.integer({ min: 1, max: 3 }), async (events, slots) => {
        const gate = new PasswordGate({
          concurrency: slots,
          maxWaiting: 1000,
          retryAfterSeconds: 1,
          refusalPauseMs: 5,
        });
        const ends: (() => void)[] = [];
        /** The starts while applicants of both standings wait, in order; a gap ends a row. */
        const rows: string[][] = [[]];
        const apply = (applicant: Applicant): void => {
          const bothWait = (): boolean => gate.waiting('known') > 0 && gate.waiting('stranger') > 0;
          void gate.run(applicant, () => {
            const { promise, resolve } = Promise.withResolvers<string>();
            ends.push(() => resolve('done'));
            if (bothWait()) rows.at(-1)?.push(applicant.standing);
            else rows.push([]);
            return promise;
          });
        };
        let count = 0;
        for (const event of events) {
          if (event === 'known') apply({ ...KNOWN, account: `own-${count}` });
          else if (event === 'stranger') apply(aStranger(count));
          else ends.shift()?.();
          count++;
          await new Promise((resolve) => setImmediate(resolve));
        }
        for (const row of rows) {
          for (let i = 0; i + RESERVED_STARTS < row.length; i++) {
            expect(row.slice(i, i + RESERVED_STARTS + 1).filter((standing) => standing === 'stranger')).toHaveLength(1);
          }
        }
        while (ends.length > 0) {
          ends.shift()?.();
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect([gate.waiting('known'), gate.waiting('stranger')]).toEqual([0, 0]);
      }),
      { numRuns: 50 },
    );
  });

  describe('under a flood', () => {
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    const HASH_MS = 15;
    const hash = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, HASH_MS));

    it('serves every known applicant within ten hashes, however many strangers arrive', async () => {
      const gate = new PasswordGate({ concurrency: 1, maxWaiting: 128, retryAfterSeconds: 2, refusalPauseMs: 5 });
      const waits: number[] = [];
      let strangers = 0;
      let served = 0;
      for (let ms = 0; ms < 3000; ms += 5) {
        for (let i = 0; i < 5; i++) {
          gate.run(aStranger(strangers++), hash).then(
            () => served++,
            () => undefined,
          );
        }
        if (ms % 50 === 0) {
          const began = Date.now();
          void gate.run(KNOWN, hash).then(() => waits.push(Date.now() - began));
        }
        await jest.advanceTimersByTimeAsync(5);
      }
      await jest.advanceTimersByTimeAsync(10_000);
      expect(waits).toHaveLength(60);
      expect(Math.max(...waits)).toBeLessThanOrEqual(10 * HASH_MS);
      expect(served).toBeGreaterThan(100);
    });

    it('holds the refusal of a stranger back, and refuses a known applicant at once', async () => {
      const gate = new PasswordGate({ concurrency: 1, maxWaiting: 0, retryAfterSeconds: 2, refusalPauseMs: 1000 });
      const began = Date.now();
      const refusedAfter = (applicant: Applicant): Promise<number> =>
        gate.run(applicant, hash).then(
          () => -1,
          () => Date.now() - began,
        );
      const all = Promise.all([gate.run(KNOWN, hash), refusedAfter(KNOWN), refusedAfter(aStranger(1))]);
      await jest.advanceTimersByTimeAsync(2000);
      const [, known, stranger] = await all;
      expect([known, stranger]).toEqual([expect.any(Number), 1000]);
      expect(known).toBeLessThan(5);
    });

    it('refuses the flood of one network, and never a stranger of another', async () => {
      const gate = new PasswordGate({ concurrency: 1, maxWaiting: 16, retryAfterSeconds: 2, refusalPauseMs: 5 });
      const refused = new Set<string>();
      for (let i = 0; i < 200; i++) {
        const network = i % 20 === 0 ? `guest-${i}` : 'flood';
        gate.run({ standing: 'stranger', network, account: String(i) }, hash).catch(() => refused.add(network));
      }
      await jest.advanceTimersByTimeAsync(5000);
      expect([...refused]).toEqual(['flood']);
    });
  });
});
