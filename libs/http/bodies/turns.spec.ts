import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { atOnce, mapInSteps, type Steps, Turns } from './turns.js';

/** Work of a number of slices, each longer than a turn. */
function* slices(count: number, note: (slice: number) => void): Steps<number> {
  for (let slice = 0; slice < count; slice++) {
    note(slice);
    const untilMs = performance.now() + 6;
    while (performance.now() < untilMs);
    yield;
  }
  return count;
}

describe('turns', () => {
  it('gives accounts a slice each in turn, and does the work of one account in order', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const results = await Promise.all([
      turns.run(
        'a',
        slices(3, (slice) => order.push(`a${slice}`)),
      ),
      turns.run(
        'a',
        slices(1, () => order.push('later a')),
      ),
      turns.run(
        'b',
        slices(2, (slice) => order.push(`b${slice}`)),
      ),
      turns.run(
        'c',
        slices(1, (slice) => order.push(`c${slice}`)),
      ),
    ]);
    expect(results).toEqual([3, 1, 2, 1]);
    expect(order.slice(0, 3)).toEqual(['a0', 'b0', 'c0']);
    expect(order.filter((name) => name.includes('a'))).toEqual(['a0', 'a1', 'a2', 'later a']);
    expect(order.indexOf('b1')).toBeLessThan(order.indexOf('later a'));
  });

  it('lets the event loop take several turns between two slices, each of which may accept a connection', async () => {
    const turns = new Turns();
    let happened = 0;
    const tick = (): void => {
      happened++;
      if (happened < 100) setImmediate(tick);
    };
    setImmediate(tick);
    await turns.run(
      'a',
      slices(5, () => undefined),
    );
    expect(happened).toBeGreaterThanOrEqual(40);
  });

  it('rejects with the error of the work, and goes on with the rest', async () => {
    const turns = new Turns();
    const failing = turns.run(
      'a',
      mapInSteps([1], () => JSON.parse('{') as unknown),
    );
    const other = turns.run(
      'a',
      mapInSteps([1, 2], (number) => number * 2),
    );
    await expect(failing).rejects.toThrow(SyntaxError);
    await expect(other).resolves.toEqual([2, 4]);
  });

  it('makes the same of a list in steps and at once', async () => {
    const turns = new Turns();
    const square = (number: number, index: number): string => `${index}: ${number * number}`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), async (numbers) => {
        expect(await turns.run('a', mapInSteps(numbers, square))).toEqual(numbers.map(square));
        expect(atOnce(mapInSteps(numbers, square))).toEqual(numbers.map(square));
      }),
      { numRuns: 30 },
    );
  });
});
