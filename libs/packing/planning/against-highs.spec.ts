import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { someSnapshot } from '../testing/arbitraries.js';
import type { Snapshot } from '../types.js';

interface Highs {
  solve(problem: string, options: object): { Status: string; ObjectiveValue: number };
}

let highs: Highs;

beforeAll(async () => {
  const { default: load } = (await import('highs')) as unknown as { default: () => Promise<Highs> };
  highs = await load();
});

/** The optimal counts, one integer program per level, by a solver that shares nothing with ours. */
function optimum({ capacity, waiting }: Snapshot): number[] {
  const fixed = new Map<number, number>();
  for (const priority of [...new Set(waiting.map((shape) => shape.priority))].sort((a, b) => b - a)) {
    const terms = (pick: (index: number) => number): string =>
      waiting.map((_, index) => `${pick(index)} x${index}`).join(' + ');
    const isAt = (level: number) => (index: number) => (waiting[index]?.priority === level ? 1 : 0);
    const rows = RESOURCES.map(
      (name) => ` ${name}: ${terms((index) => waiting[index]?.request[name] ?? 0)} <= ${capacity[name]}`,
    );
    const levels = Array.from(fixed, ([level, count]) => ` l${level}: ${terms(isAt(level))} = ${count}`);
    const bounds = waiting.map((shape, index) => ` 0 <= x${index} <= ${shape.count}`);
    const general = waiting.map((_, index) => ` x${index}`);
    const text = ['Maximize', ` obj: ${terms(isAt(priority))}`, 'Subject To', ...rows, ...levels, 'Bounds', ...bounds];
    const result = highs.solve([...text, 'General', ...general, 'End'].join('\n'), {
      mip_rel_gap: 0,
      output_flag: false,
    });
    if (result.Status !== 'Optimal') throw new Error(result.Status);
    fixed.set(priority, Math.round(result.ObjectiveValue));
  }
  return [...fixed.values()];
}

describe('the certificate, against an independent solver', () => {
  it.each([
    ['few shapes, many of each', { shapes: 12, count: 60, largest: 100, levels: 3 }, 40],
    ['many shapes, few of each', { shapes: 60, count: 3, largest: 1000, levels: 4 }, 40],
    ['many levels', { shapes: 40, count: 10, largest: 200, levels: 20 }, 15],
    ['one level', { shapes: 50, count: 5, largest: 5000, levels: 1 }, 40],
  ])('bounds the counts of HiGHS from both sides, and equals these where certified: %s', (_, size, runs) => {
    let certified = 0;
    let total = 0;
    fc.assert(
      fc.property(someSnapshot(size), (snapshot) => {
        if (snapshot.waiting.length === 0) return;
        const { levels, optimal } = plan(snapshot).certificate;
        const best = optimum(snapshot);
        const first = levels.findIndex((level, index) => level.placed !== best[index]);
        if (first >= 0) {
          expect(best[first]).toBeGreaterThan(levels[first]?.placed ?? 0);
          expect(best[first]).toBeLessThanOrEqual(levels[first]?.upperBound ?? 0);
        }
        expect(optimal && first >= 0).toBe(false);
        total++;
        if (optimal) certified++;
      }),
      { numRuns: cases(runs) },
    );
    expect(certified).toBeGreaterThanOrEqual(total * 0.9);
  });
});
