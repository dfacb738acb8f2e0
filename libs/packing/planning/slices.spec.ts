import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { verify } from '../proof/verify.js';
import { someSnapshot } from '../testing/arbitraries.js';
import { someBusyCluster } from '../testing/busy-clusters.js';
import { amounts, aShape, aSnapshot } from '../testing/problems.js';
import type { Plan, Snapshot, WaitingShape } from '../types.js';
import { plan } from './plan.js';

const MEDIUM = { shapes: 60, count: 30, largest: 1000, levels: 3 };
const someSize = fc.integer({ min: 1, max: 12 });

const queuedAt = (id: string, queuedAtMs: number, changes: Partial<WaitingShape>): WaitingShape =>
  aShape({ oldest: { id, queuedAtMs }, ...changes });

/** The plan by deployment instead of index, to compare inputs in different orders. */
const named = ({ waiting }: Snapshot, { place }: Plan): string[] =>
  place.map(({ shape, count }) => `${count} x ${waiting[shape]?.oldest.id ?? '?'}`);

const shuffled = (snapshot: Snapshot, keys: readonly number[]): Snapshot => ({
  ...snapshot,
  waiting: snapshot.waiting
    .map((shape, index) => ({ shape, key: keys[index % keys.length] as number }))
    .sort((a, b) => a.key - b.key)
    .map(({ shape }) => shape),
});

describe('a plan in slices', () => {
  const large = queuedAt('large', 1, { request: amounts(60) });
  const small = queuedAt('small', 2, { request: amounts(50), count: 2 });
  const tiny = queuedAt('tiny', 3, { request: amounts(40) });

  it('starts the older slice first, and whatever fits of later ones', () => {
    const snapshot = aSnapshot({ waiting: [tiny, small, large] });
    const result = plan(snapshot, { mostShapes: 1, withProof: true });
    expect(named(snapshot, result)).toEqual(['1 x large', '1 x tiny']);
    expect(result.certificate).toMatchObject({
      optimal: true,
      levels: [
        {
          placed: 2,
          upperBound: 2,
          slices: [
            { shapes: 1, placed: 1, upperBound: 1 },
            { shapes: 1, placed: 0, upperBound: 0 },
            { shapes: 1, placed: 1, upperBound: 1 },
          ],
        },
      ],
    });
    expect(verify(snapshot, result, 1)).toEqual({ isAccepted: true });
  });

  it('counts a priority as one where its shapes fit into one slice', () => {
    const snapshot = aSnapshot({ waiting: [tiny, small, large] });
    expect(plan(snapshot, { mostShapes: 3 }).certificate.levels).toEqual([{ priority: 50, placed: 2, upperBound: 2 }]);
  });

  it('divides the priorities that have more than 2,000 shapes, and no others', () => {
    const shapes = (priority: number, count: number): WaitingShape[] =>
      Array.from({ length: count }, (_, index) =>
        queuedAt(`${String(priority)}-${String(index)}`, index, { priority, request: amounts(1, 1 + index) }),
      );
    const snapshot = aSnapshot({
      capacity: amounts(2_500, 10_000_000),
      waiting: [...shapes(7, 2_000), ...shapes(3, 2_001)],
    });
    const result = plan(snapshot, { withProof: true });
    expect(result.certificate.levels).toEqual([
      { priority: 7, placed: 2_000, upperBound: 2_000 },
      {
        priority: 3,
        placed: 500,
        upperBound: 500,
        slices: [
          { shapes: 2_000, placed: 500, upperBound: 500 },
          { shapes: 1, placed: 0, upperBound: 0 },
        ],
      },
    ]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it.each([
    ['one slice too few', [{ shapes: 3, placed: 2, upperBound: 2 }]],
    ['a slice of other shapes', [1, 2].map((shapes) => ({ shapes, placed: 1, upperBound: 1 }))],
    ['counts that are not its own', [1, 1, 1].map((shapes, at) => ({ shapes, placed: at, upperBound: at }))],
    ['no slices', undefined],
  ])('refuses a certificate with %s', (_, slices) => {
    const snapshot = aSnapshot({ waiting: [tiny, small, large] });
    const result = plan(snapshot, { mostShapes: 1, withProof: true });
    const { slices: __, ...level } = result.certificate.levels[0]!;
    const levels = [slices === undefined ? level : { ...level, slices }];
    const changed = { ...result, certificate: { ...result.certificate, levels } };
    expect(verify(snapshot, changed, 1)).toMatchObject({ isAccepted: false });
  });

  it('refuses a bound of one slice that the slice exceeds', () => {
    const snapshot = aSnapshot({ waiting: [tiny, small, large] });
    const result = plan(snapshot, { mostShapes: 1, withProof: true });
    const [level] = result.certificate.levels;
    const slices = level!.slices!.map((slice, at) => ({ ...slice, upperBound: [0, 1, 1][at]! }));
    const changed = { ...result, certificate: { ...result.certificate, levels: [{ ...level!, slices }] } };
    expect(verify(snapshot, changed, 1)).toMatchObject({ isAccepted: false });
  });

  it('keeps within the capacity, and carries a proof that the verifier accepts', () => {
    fc.assert(
      fc.property(someSnapshot(MEDIUM), someSize, fc.constantFrom(0, 30, 10_000), (some, mostShapes, searchSteps) => {
        const snapshot = { ...some, policy: { ...some.policy, searchSteps } };
        const result = plan(snapshot, { mostShapes, withProof: true });
        expect(verify(snapshot, result, mostShapes)).toEqual({ isAccepted: true });
        for (const { placed, upperBound, slices = [] } of result.certificate.levels) {
          if (slices.length === 0) continue;
          expect(slices.reduce((sum, slice) => sum + slice.placed, 0)).toBe(placed);
          expect(slices.reduce((sum, slice) => sum + slice.upperBound, 0)).toBe(upperBound);
        }
      }),
      { numRuns: cases(200) },
    );
  });

  it('returns the same plan for any order of input', () => {
    fc.assert(
      fc.property(
        someSnapshot(MEDIUM),
        someSize,
        fc.array(fc.nat(), { minLength: 60 }),
        (snapshot, mostShapes, keys) => {
          const other = shuffled(snapshot, keys);
          const [result, again] = [plan(snapshot, { mostShapes }), plan(other, { mostShapes })];
          expect(named(other, again)).toEqual(named(snapshot, result));
          expect(again.certificate).toEqual(result.certificate);
        },
      ),
      { numRuns: cases(100) },
    );
  });

  it('returns the undivided plan where no priority has more shapes than a slice', () => {
    fc.assert(
      fc.property(someSnapshot(MEDIUM), (snapshot) => {
        const mostShapes = Math.max(1, snapshot.waiting.length);
        expect(plan(snapshot, { mostShapes, withProof: true })).toEqual(
          plan(snapshot, { mostShapes: Infinity, withProof: true }),
        );
      }),
      { numRuns: cases(100) },
    );
  });

  it('keeps what holds of preemption and of reservations', () => {
    const size = { running: 40, shapes: 25, count: 6, largest: 100, elapsed: 100_000 };
    const someReserveAfter = fc.constantFrom(null, 0, 300);
    fc.assert(
      fc.property(someBusyCluster(size), someSize, someReserveAfter, (some, mostShapes, reserveAfterSeconds) => {
        const snapshot = { ...some, policy: { ...some.policy, reserveAfterSeconds } };
        const result = plan(snapshot, { mostShapes, withProof: true });
        expect(verify(snapshot, result, mostShapes)).toEqual({ isAccepted: true });
      }),
      { numRuns: cases(300) },
    );
  });
});
