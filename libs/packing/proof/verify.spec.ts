import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import type { LevelProof, ProofNode, Proof } from '../proof.js';
import { someSnapshot } from '../testing/arbitraries.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import type { Certificate, Plan, Snapshot } from '../types.js';
import { verify } from './verify.js';
import { ownedReservation } from '../reservation.js';

/** Two levels; the bound of the lower one needs a case distinction: 44 = 4 x 11, but five starts would need 46 or more of one resource. */
const snapshot: Snapshot = aSnapshot({
  capacity: amounts(100, 44, 5),
  waiting: [
    aShape({ priority: 7, request: amounts(40, 0, 0), count: 3 }),
    aShape({ priority: 5, request: amounts(0, 11, 1), count: 4 }),
    aShape({ priority: 5, request: amounts(0, 2, 0) }),
    aShape({ priority: 5, request: amounts(0, 5, 3) }),
  ],
});
const honest = plan(snapshot, { withProof: true });

const reserved: Snapshot = {
  ...snapshot,
  policy: { ...DEFAULT_POLICY, reserveAfterSeconds: 0 },
  running: [aRunningGroup({ resources: amounts(60), endsAtMs: 90_000 })],
  waiting: [
    aShape({ request: amounts(80), oldest: { id: 'large', queuedAtMs: -1 } }),
    aShape({ request: amounts(15), count: 3, maxRuntimeSeconds: 200 }),
    aShape({ request: amounts(7), count: 2, maxRuntimeSeconds: 60 }),
  ],
};
const beside = plan(reserved, { withProof: true });

const withCertificate = (result: Plan, changes: Partial<Certificate>): Plan => ({
  ...result,
  certificate: { ...result.certificate, ...changes },
});
const withLevel = (result: Plan, index: number, changes: Partial<Certificate['levels'][number]>): Plan =>
  withCertificate(result, {
    levels: result.certificate.levels.map((level, at) => (at === index ? { ...level, ...changes } : level)),
  });
const withPart = (result: Plan, changes: Partial<Proof>): Plan => ({
  ...result,
  proof: { ...result.proof!, ...changes },
});
const withProof = (result: Plan, index: number, changes: Partial<LevelProof>): Plan =>
  withPart(result, {
    levels: (result.proof?.levels ?? []).map((level, at) => (at === index ? { ...level, ...changes } : level)),
  });
const refutation = honest.proof?.levels[1]?.refutation;
const withTree = (change: (node: ProofNode) => ProofNode): Plan =>
  withProof(honest, 1, { refutation: refutation ? { ...refutation, tree: change(refutation.tree) } : null });
const nothing = { capacity: [0, 0, 0], sums: [] };

/** Two would need exactly this much of the third resource: of 4,719 no more than 4,000 is of use where all ask for thousands. */
const inDevices = (largest: number): Snapshot =>
  aSnapshot({
    capacity: amounts(93, 59, 4_719),
    waiting: [
      aShape({ request: amounts(30, 30, 1_000) }),
      aShape({ request: amounts(10, 20, largest), count: 4 }),
      aShape({ request: amounts(20, 40, 3_000), count: 3 }),
    ],
  });
const whole = plan(inDevices(4_000), { withProof: true });

/** Two start at the highest level and leave too little for anything of the next; `last` waits below that. */
const exhausted = (last: [number, number]): Snapshot =>
  aSnapshot({
    capacity: amounts(10, 10),
    waiting: [
      aShape({ priority: 7, request: amounts(4, 4), count: 3 }),
      aShape({ priority: 5, request: amounts(3, 1), count: 2 }),
      aShape({ priority: 3, request: amounts(...last), count: 2 }),
    ],
  });
/** What is known of the lowest level, without its proof. */
const unproven = (problem: Snapshot): Plan =>
  withProof(plan(problem, { withProof: true }), 2, { root: nothing, refutation: null });

/** Every leaf replaced. */
function leaves(node: ProofNode, change: (leaf: ProofNode) => ProofNode): ProofNode {
  if ('multipliers' in node) return change(node);
  if ('cut' in node) return { cut: node.cut, then: leaves(node.then, change) };
  return { ...node, below: leaves(node.below, change), above: leaves(node.above, change) };
}

describe('the verifier', () => {
  it('accepts a plan with a case distinction, and one beside a reservation', () => {
    expect(refutation).toBeTruthy();
    expect(verify(snapshot, honest)).toEqual({ isAccepted: true });
    expect(ownedReservation(beside.reservations)?.state).toBe('promised');
    expect(verify(reserved, beside)).toEqual({ isAccepted: true });
  });

  it('accepts a proof that uses whole devices', () => {
    expect(whole.certificate.levels).toEqual([{ priority: 50, placed: 1, upperBound: 1 }]);
    expect(whole.proof?.levels[0]?.refutation).toBeTruthy();
    expect(verify(inDevices(4_000), whole)).toEqual({ isAccepted: true });
    expect(plan(inDevices(3_719)).certificate.levels).toEqual([{ priority: 50, placed: 2, upperBound: 2 }]);
  });

  it('accepts without proof that a request cannot start which dominates one that cannot', () => {
    for (const last of [exhausted([3, 1]), exhausted([4, 2])]) {
      expect(verify(last, unproven(last))).toEqual({ isAccepted: true });
    }
  });

  it('accepts a plan that went through JSON', () => {
    const copy = JSON.parse(JSON.stringify(honest)) as Plan;
    expect(verify(snapshot, copy)).toEqual({ isAccepted: true });
  });

  it('accepts a proof of any depth', () => {
    const deep = withTree((tree) => {
      let node = tree;
      for (let depth = 0; depth < 20_000; depth++) node = { cut: nothing, then: node };
      return node;
    });
    expect(verify(snapshot, deep)).toEqual({ isAccepted: true });
  });

  it('accepts a bound above what is proven', () => {
    const modest = withCertificate(withLevel(honest, 1, { upperBound: 9 }), { optimal: false });
    expect(verify(snapshot, { ...modest, certificate: { ...modest.certificate, optimal: false } }).isAccepted).toBe(
      true,
    );
  });

  it('accepts every plan of the planner', () => {
    const problem = { shapes: 40, count: 20, largest: 500, levels: 4 };
    fc.assert(
      fc.property(someSnapshot(problem), (some) => {
        expect(verify(some, plan(some, { withProof: true }))).toEqual({ isAccepted: true });
      }),
      { numRuns: cases(200) },
    );
  });
});

describe('the verifier', () => {
  const place = honest.place;
  it.each<[string, Snapshot, Plan]>([
    ['a plan without a proof', snapshot, { ...honest, proof: null }],
    [
      'one more than fits',
      snapshot,
      { ...honest, place: place.map((entry, index) => (index === 0 ? { ...entry, count: 3 } : entry)) },
    ],
    ['more than wait', snapshot, { ...honest, place: place.map((entry) => ({ ...entry, count: entry.count + 100 })) }],
    ['a shape placed twice', snapshot, { ...honest, place: [...place, ...place] }],
    ['a negative count', snapshot, { ...honest, place: place.map((entry) => ({ ...entry, count: -1 })) }],
    ['a fraction of a deployment', snapshot, { ...honest, place: place.map((entry) => ({ ...entry, count: 0.5 })) }],
    ['a shape that does not exist', snapshot, { ...honest, place: [{ shape: 99, count: 1, includes: [] }] }],
    ['a count that is not what is placed', snapshot, withLevel(honest, 1, { placed: 5, upperBound: 5 })],
    ['a bound below the optimum', snapshot, withLevel(honest, 1, { upperBound: 3 })],
    [
      'fewer starts called optimal',
      snapshot,
      withLevel({ ...honest, place: place.slice(1) }, 0, { placed: 0, upperBound: 0 }),
    ],
    ['"optimal" over open levels', snapshot, withLevel(honest, 1, { upperBound: 9 })],
    ['a level left out', snapshot, withCertificate(honest, { levels: honest.certificate.levels.slice(1) })],
    [
      'a level too many',
      snapshot,
      withCertificate(honest, { levels: [...honest.certificate.levels, { priority: 1, placed: 0, upperBound: 0 }] }),
    ],
    ['levels in another order', snapshot, withCertificate(honest, { levels: honest.certificate.levels.toReversed() })],
    ['a proof without one of its levels', snapshot, withPart(honest, { levels: honest.proof?.levels.slice(1) ?? [] })],
    ['no levels', snapshot, withPart(honest, { levels: [] })],
    ['no case distinction where one is needed', snapshot, withProof(honest, 1, { refutation: null })],
    ['multipliers that say nothing', snapshot, withProof(honest, 1, { root: nothing, refutation: null })],
    [
      'a price for places at the level itself',
      snapshot,
      withProof(honest, 1, { root: { capacity: [0, 0, 0], sums: [0, 1e18, 1e18] }, refutation: null }),
    ],
    [
      'negative prices of capacity',
      snapshot,
      withProof(honest, 1, { root: { capacity: [-1e18, -1e18, -1e18], sums: [] }, refutation: null }),
    ],
    [
      'multipliers that are no whole numbers',
      snapshot,
      withProof(honest, 1, { root: { capacity: [0.5, 0.5, 0.5], sums: [] } }),
    ],
    ['leaves that contradict nothing', snapshot, withTree((tree) => leaves(tree, () => ({ multipliers: nothing })))],
    [
      'a tree with one side copied over the other',
      snapshot,
      withTree((tree) => ('group' in tree ? { ...tree, above: tree.below } : tree)),
    ],
    [
      'a split that leaves out a case',
      snapshot,
      withTree((tree) => ('group' in tree ? { ...tree, at: tree.at + 1 } : tree)),
    ],
    [
      'a split of a group that is none',
      snapshot,
      withTree((tree) => ('group' in tree ? { ...tree, group: 77 } : tree)),
    ],
    [
      'a target that is not refuted',
      snapshot,
      withProof(honest, 1, { refutation: refutation ? { ...refutation, target: refutation.target - 1 } : null }),
    ],
    [
      'more utilization than there is',
      snapshot,
      withCertificate(honest, { utilization: { value: 2.9, upperBound: 2.9 } }),
    ],
    [
      'a bound of utilization that is too low',
      snapshot,
      withCertificate(honest, { utilization: { ...honest.certificate.utilization, upperBound: 0.1 } }),
    ],
    ['the same of something that is smaller in one resource', exhausted([2, 3]), unproven(exhausted([2, 3]))],
    ['a proof that rests on whole devices, where one is not', inDevices(3_719), whole],
    ['the plan of another problem', { ...snapshot, capacity: amounts(79, 44, 5) }, honest],
    ['a plan for a cordoned cluster', { ...snapshot, isCordoned: true }, honest],
    [
      'a promise that comes too early',
      reserved,
      { ...beside, reservations: beside.reservations.map((one) => ({ ...one, untilMs: 80_000 })) },
    ],
    [
      'a promise in the past',
      reserved,
      { ...beside, reservations: beside.reservations.map((one) => ({ ...one, untilMs: 0 })) },
    ],
    ['starts in the way of the promise', reserved, { ...beside, place: [{ shape: 1, count: 2, includes: [] }] }],
    ['bounds that need the reservation, without it', reserved, { ...beside, reservations: [] }],
  ])('refuses %s', (_, problem, forged) => {
    expect(verify(problem, forged).isAccepted).toBe(false);
  });

  it('refuses every invented proof of a false bound', () => {
    const price = fc.oneof(
      fc.constant(0),
      fc.integer({ min: -16, max: 16 }).map((part) => part * 2 ** 56),
    );
    const multipliers = fc.record({
      capacity: fc.array(price, { maxLength: 3 }),
      sums: fc.array(price, { maxLength: 4 }),
    });
    const { node } = fc.letrec<{ node: ProofNode }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.record({ multipliers }),
        fc.record({ cut: multipliers, then: tie('node') }),
        fc.record({ group: fc.nat(4), at: fc.integer({ min: -1, max: 9 }), below: tie('node'), above: tie('node') }),
      ),
    }));
    const refuted = fc.record({
      target: fc.nat(9),
      groups: fc.array(fc.array(fc.nat(5), { maxLength: 3 }), { maxLength: 2 }),
      tree: node,
    });
    const level = fc.record({ root: multipliers, refutation: fc.option(refuted) });
    fc.assert(
      fc.property(
        someSnapshot({ shapes: 6, count: 4, largest: 12, levels: 3 }),
        fc.array(level, { minLength: 3, maxLength: 3 }),
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        (some, inventions, isInvented) => {
          const worse = withoutLast(some, plan(some, { withProof: true }));
          if (worse === null) return;
          const levels = (worse.proof?.levels ?? []).map((proof, index) =>
            isInvented[index] === true ? (inventions[index] as LevelProof) : proof,
          );
          expect(verify(some, withPart(worse, { levels })).isAccepted).toBe(false);
        },
      ),
      { numRuns: cases(500) },
    );
  });
});

/** The same plan with one start less than the best at its lowest level that has any, and called optimal all the same. */
function withoutLast(some: Snapshot, best: Plan): Plan | null {
  const last = best.place.at(-1);
  const shape = last && some.waiting[last.shape];
  if (last === undefined || shape === undefined || !best.certificate.optimal) return null;
  const shares = (['cpuMillis', 'memoryMib', 'gpuMillis'] as const).reduce(
    (sum, resource) => sum + (some.capacity[resource] > 0 ? shape.request[resource] / some.capacity[resource] : 0),
    0,
  );
  const rest = last.count > 1 ? [{ ...last, count: last.count - 1 }] : [];
  const levels = best.certificate.levels.map((claim) =>
    claim.priority === shape.priority ? { ...claim, placed: claim.placed - 1, upperBound: claim.placed - 1 } : claim,
  );
  const value = best.certificate.utilization.value - shares;
  return {
    ...withCertificate(best, { levels, utilization: { value, upperBound: 3 } }),
    place: [...best.place.slice(0, -1), ...rest],
  };
}
