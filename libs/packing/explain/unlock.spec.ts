import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Resource, RESOURCES, type ResourceAmounts } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { DEFAULT_POLICY } from '../policy.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import {
  nominatedBy,
  membersOf,
  snapshotOf,
  someState,
  type State,
  startedBy,
  type Waiting,
} from '../testing/states.js';
import type { RunningGroup, Snapshot } from '../types.js';
import { least } from './least.js';
import type { Start } from './places.js';
import { type Unlock, type Unlocks, unlocksOf } from './unlock.js';

const RUNS = cases(1_000);
const SMALL = { shapes: 4, waiting: 8, running: 5, largest: 8 };

/** What would unlock the first of the first shape. */
function unlocksOfFirst(changes: Partial<Snapshot>, options = {}): Unlocks {
  const snapshot = aSnapshot(changes);
  const { oldest } = snapshot.waiting[0]!;
  return unlocksOf(snapshot, { ...oldest, shape: 0, olderIn: () => 0 }, options);
}

const isLess = (a: Waiting, b: Waiting): boolean =>
  a.queuedAtMs < b.queuedAtMs || (a.queuedAtMs === b.queuedAtMs && a.id < b.id);

/** How a deployment starts in a state: by the state itself, not by its shapes. */
function startIn(state: State, { id }: Waiting): Start | null {
  if (startedBy(state).includes(id)) return { untilMs: null };
  const untilMs = nominatedBy(state).get(id);
  return untilMs === undefined ? null : { untilMs };
}

const starts = (state: State, one: Waiting): boolean => startIn(state, one) !== null;

const edited = (state: State, one: Waiting, change: Partial<Waiting>): State => ({
  ...state,
  waiting: state.waiting.map((other) => (other === one ? { ...one, ...change } : other)),
  // A reservation is that of a deployment as it was.
  reservations: state.reservations.filter((other) => other.state === 'nominated' || other.id !== one.id),
});

function ended(state: State, groups: ReadonlyMap<number, number>): State {
  const running = state.running.flatMap((group, index): RunningGroup[] => {
    const count = group.count - (groups.get(index) ?? 0);
    return count > 0 ? [{ ...group, count }] : [];
  });
  return { ...state, running };
}

const minus = (a: ResourceAmounts, resource: Resource): ResourceAmounts => ({ ...a, [resource]: a[resource] - 1 });
const plus = (a: ResourceAmounts, resource: Resource): ResourceAmounts => ({ ...a, [resource]: a[resource] + 1 });

/** Makes the change real, and the next smaller ones: the first must start it, the others must not. */
function tell(state: State, one: Waiting, unlock: Unlock): { with: State; smaller: State[] } {
  switch (unlock.kind) {
    case 'nothing':
      return { with: state, smaller: [] };
    case 'request':
      return {
        with: edited(state, one, { request: unlock.request }),
        smaller: RESOURCES.filter((resource) => unlock.less[resource] > 0).map((resource) =>
          edited(state, one, { request: plus(unlock.request, resource) }),
        ),
      };
    case 'capacity':
      return {
        with: { ...state, capacity: unlock.capacity },
        smaller: RESOURCES.filter((resource) => unlock.more[resource] > 0).map((resource) => ({
          ...state,
          capacity: minus(unlock.capacity, resource),
        })),
      };
    case 'priority':
      return {
        with: edited(state, one, { priority: unlock.priority }),
        smaller: [edited(state, one, { priority: unlock.priority - 1 })],
      };
    case 'policy':
      return { with: { ...state, policy: { ...state.policy, preemption: unlock.preemption } }, smaller: [state] };
    case 'ended': {
      const counts = new Map(unlock.groups.map(({ group, count }) => [group, count]));
      return {
        with: ended(state, counts),
        smaller: unlock.groups.map(({ group, count }) => ended(state, new Map(counts).set(group, count - 1))),
      };
    }
  }
}

/** Fewest running deployments whose end starts it, by trying every set; Infinity: none does. */
function fewestEnded(state: State, one: Waiting): number {
  let best = Infinity;
  const descend = (index: number, counts: Map<number, number>, size: number): void => {
    if (size >= best) return;
    const group = state.running[index];
    if (group === undefined) {
      if (starts(ended(state, counts), one)) best = size;
      return;
    }
    for (let count = 0; count <= group.count; count++)
      descend(index + 1, new Map(counts).set(index, count), size + count);
  };
  descend(0, new Map(), 0);
  return best;
}

describe('unlocking', () => {
  const running = [
    aRunningGroup({ resources: amounts(60, 6) }),
    aRunningGroup({ priority: 10, resources: amounts(30, 1), count: 2 }),
  ];
  const capacity = amounts(121, 10);

  it('finds the smaller request, the larger capacity, the ends and the priority that start a deployment', () => {
    const waiting = [aShape({ request: amounts(25, 2) }), aShape({ priority: 50, request: amounts(24, 9), count: 1 })];
    expect(unlocksOfFirst({ capacity, running, waiting }).unlocks).toEqual([
      { kind: 'request', less: amounts(24), request: amounts(1, 2), untilMs: null },
      { kind: 'capacity', more: amounts(24), capacity: amounts(145, 10), untilMs: null },
      { kind: 'ended', groups: [{ group: 1, count: 1 }], isFewest: true, untilMs: null },
    ]);
  });

  it('offers a smaller request first, and none without a resource that the deployment asks for', () => {
    const held = aRunningGroup({ resources: amounts(10, 0, 7) });
    const waiting = [aShape({ request: amounts(10, 0, 4) })];
    const kinds = (gpus: number): unknown[] =>
      unlocksOfFirst({ capacity: amounts(100, 0, gpus), running: [held], waiting }).unlocks.map(({ kind }) => kind);
    expect(kinds(7)).toEqual(['capacity', 'ended']);
    expect(kinds(8)).toEqual(['request', 'capacity', 'ended']);
  });

  it('changes several resources together only where none alone suffices', () => {
    const waiting = [aShape({ request: amounts(70, 8) })];
    const { unlocks } = unlocksOfFirst({ capacity, running, waiting });
    expect(unlocks).toContainEqual(
      expect.objectContaining({ kind: 'capacity', more: amounts(69, 6), capacity: amounts(190, 16) }),
    );
    expect(unlocks).toContainEqual(
      expect.objectContaining({ kind: 'request', less: amounts(69, 6), request: amounts(1, 2) }),
    );
  });

  it('finds the priority at which a deployment comes first', () => {
    const waiting = [aShape({ request: amounts(60) }), aShape({ priority: 70, request: amounts(50), count: 2 })];
    expect(unlocksOfFirst({ waiting }).unlocks).toContainEqual({ kind: 'priority', priority: 71, untilMs: null });
  });

  it('returns no unlock for a deployment that starts, nor on a cordoned cluster', () => {
    expect(unlocksOfFirst({ waiting: [aShape({})] }).unlocks).toEqual([{ kind: 'nothing', untilMs: null }]);
    expect(unlocksOfFirst({ isCordoned: true, waiting: [aShape({})] })).toEqual({ unlocks: [], cut: [], runs: 1 });
  });

  it('finds that one of two equal running deployments has to end, where only the end of the second starts a deployment', () => {
    // With the first ended, `a` is gathered for until the second is expected to end, too early for `c`. With the second ended, it gets a promise at the
    // end of the first.
    const held = aRunningGroup({ resources: amounts(0, 0, 6) });
    const { unlocks } = unlocksOfFirst({
      capacity: amounts(0, 0, 12),
      policy: { ...DEFAULT_POLICY, reserveAfterSeconds: 0, reservationOrder: 'age' },
      running: [
        { ...held, endsAtMs: 110_000 },
        { ...held, expectedEndMs: 103_000 },
      ],
      waiting: [
        aShape({ request: amounts(0, 0, 1), maxRuntimeSeconds: 5, count: 1, oldest: { id: 'c', queuedAtMs: 1000 } }),
        aShape({ request: amounts(0, 0, 12), maxRuntimeSeconds: 5, count: 1, oldest: { id: 'a', queuedAtMs: 0 } }),
      ],
      nowMs: 100_000,
    });
    expect(unlocks).toContainEqual({
      kind: 'ended',
      groups: [{ group: 1, count: 1 }],
      isFewest: true,
      untilMs: null,
    });
  });

  it('names the kinds of unlocks that a cut search left out', () => {
    const waiting = [aShape({ request: amounts(60) }), aShape({ priority: 70, request: amounts(50), count: 100 })];
    const { unlocks, cut } = unlocksOfFirst({ waiting }, { maxRuns: 3 });
    expect(unlocks).toEqual([]);
    expect(cut).toContain('capacity');
    expect(unlocksOfFirst({ waiting }, { shouldStop: () => true }).unlocks).toEqual([]);
  });

  it(`starts the deployment in ${RUNS} states, where one step less does not`, () => {
    let told = 0;
    let later = 0;
    fc.assert(
      fc.property(someState(SMALL), fc.nat(), (state, number) => {
        const left = state.waiting.filter((one) => !starts(state, one));
        const one = left[number % Math.max(1, left.length)];
        if (one === undefined) return;
        const members = membersOf(state);
        const { id, queuedAtMs } = one;
        const subject = {
          id,
          queuedAtMs,
          shape: members.findIndex((group) => group.includes(one)),
          olderIn: (shape: number) => (members[shape] ?? []).filter((other) => isLess(other, one)).length,
        };
        const { unlocks, cut } = unlocksOf(snapshotOf(state, true), subject);
        for (const unlock of unlocks) {
          const made = tell(state, one, unlock);
          expect(startIn(made.with, one)).toEqual({ untilMs: unlock.untilMs });
          for (const smaller of made.smaller) expect(starts(smaller, one)).toBe(false);
          told++;
          if (unlock.untilMs !== null) later++;
        }
        if (state.isCordoned || cut.length > 0) return;
        const isFound = (kind: Unlock['kind']): boolean => unlocks.some((unlock) => unlock.kind === kind);
        expect(isFound('priority')).toBe(starts(edited(state, one, { priority: 100 }), one));
        const fewest = fewestEnded(state, one);
        const end = unlocks.find((unlock) => unlock.kind === 'ended');
        const size = end?.groups.reduce((sum, { count }) => sum + count, 0) ?? Infinity;
        if (end?.isFewest === true) expect(size).toBe(fewest);
        expect(size).toBeGreaterThanOrEqual(fewest);
        // Of those that hold the same only one is tried alone: another one of them may do where it does not.
        const kinds = new Set(state.running.map(({ resources }) => JSON.stringify(resources)));
        if (fewest === 1 && kinds.size === state.running.length) expect(size).toBe(1);
      }),
      { numRuns: RUNS },
    );
    expect(told).toBeGreaterThan(RUNS);
    expect(later).toBeGreaterThan(0);
  });
});

describe('the least amounts', () => {
  it('finds the least amount from a guess that is too small or too large, or none', () => {
    const enough =
      (needed: number) =>
      ([amount = 0]: readonly number[]): boolean =>
        amount >= needed;
    for (const needed of [1, 2, 5, 12, 13, 99]) {
      for (const guess of [1, 13, 99]) {
        expect(least([guess], [99], enough(needed))).toEqual({ amounts: [needed], isCut: false });
      }
    }
    expect(least([1], [99], enough(100))).toEqual({ amounts: null, isCut: false });
  });

  it('finds amounts that are least in every direction, where several count together', () => {
    const found = least([8, 8], [99, 99], ([a = 0, b = 0]) => a + 2 * b >= 20);
    const [a = 0, b = 0] = found.amounts ?? [];
    expect(a + 2 * b).toBe(20);
  });

  it('returns nothing when the budget ends', () => {
    let left = 2;
    expect(least([50], [99], ([amount = 0]) => (left-- > 0 ? amount >= 40 : null))).toEqual({
      amounts: null,
      isCut: true,
    });
  });
});
