import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { verify } from '../proof/verify.js';
import { someSnapshot, someTrouble, TROUBLES } from '../testing/arbitraries.js';
import { someBusyCluster } from '../testing/busy-clusters.js';
import { compareUsed, mostUsed, sharesOf, type Used, wholeOf } from '../testing/most-used.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import type { LevelCertificate, Plan, Snapshot } from '../types.js';
import { plan } from './plan.js';

const filling = (snapshot: Snapshot, changes: Partial<Snapshot['policy']> = {}): Snapshot => ({
  ...snapshot,
  policy: { ...snapshot.policy, objective: 'utilization', ...changes },
});

const countOf = ({ place }: Plan, shape: number): number => place.find((one) => one.shape === shape)?.count ?? 0;

/** What starts at a priority, what the certificate says no choice exceeds, and the best choice beside what starts above. */
function compare(snapshot: Snapshot, result: Plan, { priority, utilization, upperBound }: LevelCertificate) {
  const { waiting, capacity } = snapshot;
  const indices = [...waiting.keys()].filter((index) => waiting[index]!.priority === priority);
  const placed = indices.reduce<Used>(
    ({ shares, starts }, index) => {
      const count = countOf(result, index);
      return { shares: shares + sharesOf(snapshot, waiting[index]!) * BigInt(count), starts: starts + count };
    },
    { shares: 0n, starts: 0 },
  );
  const free = RESOURCES.map((resource) =>
    waiting.reduce(
      (left, shape, index) =>
        shape.priority > priority ? left - shape.request[resource] * countOf(result, index) : left,
      capacity[resource],
    ),
  );
  const best = mostUsed(
    snapshot,
    indices.map((index) => waiting[index]!),
    free,
  );
  const units = BigInt(utilization!.unitsPerResource);
  const bound = { shares: (BigInt(utilization!.upperBound) * wholeOf(snapshot)) / units, starts: upperBound };
  return { placed, best, bound };
}

describe('a plan for utilization', () => {
  const large = aShape({ request: amounts(90) });
  const small = aShape({ request: amounts(20), count: 4 });

  it('uses more with fewer starts where successes would start more', () => {
    const snapshot = aSnapshot({ waiting: [large, small] });
    expect(plan(snapshot).place).toMatchObject([{ shape: 1, count: 4 }]);
    const result = plan(filling(snapshot), { withProof: true });
    expect(result.place).toMatchObject([{ shape: 0, count: 1 }]);
    expect(result.certificate).toMatchObject({
      optimal: true,
      levels: [
        {
          placed: 1,
          upperBound: 1,
          utilization: { unitsPerResource: 10, reached: 9, upperBound: 9, gapThousandths: 0 },
        },
      ],
    });
    expect(verify(filling(snapshot), result)).toEqual({ isAccepted: true });
  });

  it('starts the most of what uses as much', () => {
    const whole = aShape({ request: amounts(100) });
    const halves = aShape({ request: amounts(50), count: 2 });
    const result = plan(filling(aSnapshot({ waiting: [whole, halves] })));
    expect(result.place).toMatchObject([{ shape: 1, count: 2 }]);
    expect(result.certificate).toMatchObject({ optimal: true, levels: [{ placed: 2, upperBound: 2 }] });
  });

  it('puts priority before utilization', () => {
    const first = aShape({ priority: 90, request: amounts(20) });
    const result = plan(filling(aSnapshot({ waiting: [large, first] })));
    expect(result.place).toMatchObject([{ shape: 1, count: 1 }]);
  });

  it('keeps a reservation', () => {
    const owner = aShape({ request: amounts(80), maxRuntimeSeconds: 10 });
    const snapshot = filling(
      aSnapshot({
        nowMs: 1_000_000,
        running: [aRunningGroup({ resources: amounts(50), endsAtMs: 1_005_000 })],
        waiting: [owner, aShape({ request: amounts(50), oldest: { id: 'young', queuedAtMs: 999_000 } })],
      }),
      { reserveAfterSeconds: 600, reservationOrder: 'age' },
    );
    const result = plan(snapshot, { withProof: true });
    expect(result.place).toEqual([]);
    expect(result.reservations).toMatchObject([{ id: owner.oldest.id, state: 'promised', untilMs: 1_005_000 }]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it('reaches no more than the best choice, which exceeds no bound', () => {
    let exact = 0;
    let contested = 0;
    fc.assert(
      fc.property(someSnapshot({ shapes: 6, count: 4, largest: 60, levels: 3 }), (some) => {
        const snapshot = filling(some);
        const result = plan(snapshot);
        for (const level of result.certificate.levels) {
          const { placed, best, bound } = compare(snapshot, result, level);
          expect(compareUsed(placed, best)).toBeLessThanOrEqual(0);
          expect(compareUsed(best, bound)).toBeLessThanOrEqual(0);
          if (
            level.placed ===
            snapshot.waiting.reduce((sum, one) => sum + (one.priority === level.priority ? one.count : 0), 0)
          )
            continue;
          contested++;
          if (compareUsed(placed, best) === 0) exact++;
        }
        if (result.certificate.optimal)
          for (const level of result.certificate.levels) {
            const { placed, best } = compare(snapshot, result, level);
            expect(compareUsed(placed, best)).toBe(0);
          }
      }),
      { numRuns: cases(400) },
    );
    expect(exact).toBeGreaterThanOrEqual(contested * 0.98);
  });

  it.each([...TROUBLES])('certifies what the verifier accepts, and repeats: %s', (kind) => {
    const problem = someTrouble(kind, { shapes: 25, count: 20, largest: 500, levels: 5 });
    const someSteps = fc.constantFrom(1, 50, 1_000);
    fc.assert(
      fc.property(problem, someSteps, fc.constantFrom(4, 2_000), (some, searchSteps, mostShapes) => {
        const snapshot = filling(some, { searchSteps });
        const result = plan(snapshot, { withProof: true, mostShapes });
        expect(verify(snapshot, result, mostShapes)).toEqual({ isAccepted: true });
        const reversed = { ...snapshot, waiting: snapshot.waiting.toReversed() };
        const last = snapshot.waiting.length - 1;
        const other = plan(reversed, { mostShapes });
        expect(other.place.map((one) => ({ ...one, shape: last - one.shape }))).toEqual(result.place);
        expect(other.certificate).toEqual(result.certificate);
      }),
      { numRuns: cases(60) },
    );
  });

  it('certifies what the verifier accepts where runs are preempted and capacity is reserved', () => {
    fc.assert(
      fc.property(
        someBusyCluster({ running: 20, shapes: 12, count: 4, largest: 300, elapsed: 5_000 }),
        fc.constantFrom(null, 0, 300),
        fc.constantFrom(0, 30),
        (some, reserveAfterSeconds, stopGraceSeconds) => {
          const snapshot = filling(some, { reserveAfterSeconds, stopGraceSeconds, searchSteps: 500 });
          const result = plan(snapshot, { withProof: true });
          expect(verify(snapshot, result)).toEqual({ isAccepted: true });
        },
      ),
      { numRuns: cases(150) },
    );
  });
});

describe('the verifier of utilization', () => {
  const shapes = [37, 41, 43].map((size, index) => aShape({ request: amounts(size, 100 - size), count: 3 + index }));
  const snapshot = filling(aSnapshot({ capacity: amounts(1_000, 450), waiting: shapes }));
  const result = plan(snapshot, { withProof: true });
  const [level] = result.certificate.levels as [LevelCertificate];
  const changed = (utilization: Partial<LevelCertificate['utilization']>, others = {}): Plan => ({
    ...result,
    certificate: {
      ...result.certificate,
      levels: [{ ...level, ...others, utilization: { ...level.utilization!, ...utilization } }],
    },
  });

  it.each([
    ['a lower bound', changed({ upperBound: level.utilization!.upperBound - 1 })],
    ['more that is used', changed({ reached: level.utilization!.reached + 1 })],
    ['another unit', changed({ unitsPerResource: level.utilization!.unitsPerResource + 1 })],
    ['a smaller gap', changed({ upperBound: level.utilization!.upperBound + 1_000_000, gapThousandths: 0 })],
    ['a bound of starts below what starts', changed({}, { upperBound: level.placed - 1 })],
    [
      'a certificate of the other objective',
      {
        ...result,
        certificate: plan({ ...snapshot, policy: { ...snapshot.policy, objective: 'successes' } }).certificate,
      },
    ],
  ])('refuses %s', (_, tampered) => {
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
    expect(verify(snapshot, tampered).isAccepted).toBe(false);
  });
});
