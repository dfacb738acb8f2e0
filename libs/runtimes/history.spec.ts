import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  kindsOf,
  knownSeconds,
  learnedOf,
  LEAST_RUNS,
  MAX_RUNS,
  mostAlike,
  PARTS,
  remembered,
  undeclaredKinds,
  type RunOf,
  secondsOf,
  withRuns,
} from './history.js';

const run = (fields: Partial<RunOf> = {}): RunOf => ({
  memberId: 'ada',
  image: 'docker.io/library/app',
  cpuMillis: 1_000,
  memoryMib: 512,
  gpuMillis: 0,
  maxRuntimeSeconds: 3_600,
  ...fields,
});

describe('what is remembered of runs', () => {
  it('separates kinds by member, image, request and declared runtime, from the most alike to all', () => {
    const full = ({ ...fields }: Partial<RunOf>): string => kindsOf(run(fields))[0];
    const distinct = [
      {},
      { memberId: 'bo' },
      { image: 'docker.io/library/b' },
      { cpuMillis: 2_000 },
      { maxRuntimeSeconds: 60 },
      { maxRuntimeSeconds: null },
    ];
    expect(new Set(distinct.map(full)).size).toBe(distinct.length);
    expect(kindsOf(run({ image: 'b' })).slice(1)).toEqual(kindsOf(run()).slice(1));
    expect(kindsOf(run({ memberId: 'bo' })).at(-1)).toBe(kindsOf(run()).at(-1));
    expect(kindsOf(run({ maxRuntimeSeconds: null }))).toContain(undeclaredKinds(run())[0]);
    expect(kindsOf(run())).not.toContain(undeclaredKinds(run())[0]);
  });

  it('returns the seconds of a run to a hundredth, or to one second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (max, share) => {
          const seconds = max * share;
          const back = secondsOf(remembered(seconds, max), max);
          expect(Math.abs(back - seconds)).toBeLessThanOrEqual(Math.max(1, seconds / 100));
          expect(back).toBeLessThanOrEqual(max);
          expect(remembered(seconds, null)).toBe(Math.max(1, Math.round(seconds)));
        },
      ),
    );
  });

  it('counts a run beyond its declared runtime as one that took the whole runtime', () => {
    expect(remembered(4_000, 3_600)).toBe(PARTS);
    expect(secondsOf(PARTS, 3_600)).toBe(3_600);
  });

  it('chooses the most alike kind that has enough runs', () => {
    const [full, declared, , all] = kindsOf(run());
    const enough = Array.from({ length: LEAST_RUNS }, () => 7);
    const known = new Map([
      [full, [1]],
      [String(declared), enough],
      [String(all), [...enough, 9]],
    ]);
    expect(mostAlike(run(), (kind) => known.get(kind))).toEqual(enough);
    expect(mostAlike(run({ memberId: 'bo' }), (kind) => known.get(kind))).toHaveLength(LEAST_RUNS + 1);
    expect(mostAlike(run({ maxRuntimeSeconds: null }), (kind) => known.get(kind))).toEqual([]);
  });

  it('takes the middle as typical, and nothing of too few', () => {
    expect(learnedOf([1, 2, 5, 9, 100])).toEqual({ typicalRuntimeSeconds: 5, expectedRuntimeSeconds: 100 });
    expect(learnedOf([])).toEqual({});
  });

  it('keeps the latest runs', () => {
    const many = Array.from({ length: MAX_RUNS }, (_, at) => at);
    expect(withRuns(many, [100, 101])).toEqual([100, 101, ...many.slice(0, MAX_RUNS - 2)]);
  });

  it('takes all runs where those with the same request are too few to expect an end', () => {
    const [request] = undeclaredKinds(run());
    const some = (length: number): number[] => Array.from({ length }, (_, at) => length - at);
    const known = new Map([
      [request!, some(10)],
      ['undeclared', some(20)],
    ]);
    expect(knownSeconds(run(), (kind) => known.get(kind))).toEqual(some(10).reverse());
    known.set(request!, some(9));
    expect(knownSeconds(run(), (kind) => known.get(kind))).toEqual(some(20).reverse());
    expect(knownSeconds(run(), () => undefined)).toEqual([]);
  });
});
