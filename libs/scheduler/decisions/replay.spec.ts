import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DEFAULT_POLICY, plan, type PlanningPolicy, type Snapshot } from '#packing';

import { cases } from '../../../test/support/cases.js';
import { FIRST_HASH, hashOf, type StoredDecision } from './chain.js';
import { checkChain } from './check-chain.js';
import { type Decision, encodeDecision } from './decision-codec.js';
import { type ChainHead, DecisionRecorder } from './decision-recorder.js';
import { readDecisions, replay } from './replay.js';

const ALL = { fromMs: -Infinity, toMs: Infinity };
const REMOVED: ChainHead = { position: 0, hash: FIRST_HASH };
const CLUSTER = 'c';

const policies: readonly Partial<PlanningPolicy>[] = [
  {},
  { reserveAfterSeconds: 0, reservationOrder: 'age' },
  { preemption: 'lower-priority', preemptAfterSeconds: 0, maxPreemptions: 2 },
];

const somePolicy = fc.constantFrom(...policies).map((changes): PlanningPolicy => ({ ...DEFAULT_POLICY, ...changes }));

const amounts = (cpuMillis: number, memoryMib = 0, gpuMillis = 0) => ({ cpuMillis, memoryMib, gpuMillis });

const someRequest = fc.record({
  cpuMillis: fc.integer({ min: 1, max: 60 }),
  memoryMib: fc.nat(60),
  gpuMillis: fc.nat(20),
});

const someShape = fc.record({
  priority: fc.constantFrom(10, 50, 90),
  request: someRequest,
  maxRuntimeSeconds: fc.constantFrom(null, 60, 3_600),
  count: fc.integer({ min: 1, max: 4 }),
  queuedAtMs: fc.nat(900_000),
});

/** One moment of a cluster; nothing of it has anything to do with the moment before. */
const someSnapshot = fc
  .record({
    policy: somePolicy,
    shapes: fc.uniqueArray(someShape, {
      maxLength: 30,
      selector: ({ queuedAtMs: _, count: __, ...shape }) => JSON.stringify(shape),
    }),
    runs: fc.array(
      fc.record({ resources: someRequest, endsAtMs: fc.constantFrom(null, 1_030_000), isPreemptible: fc.boolean() }),
      {
        maxLength: 12,
      },
    ),
    free: fc.nat(300),
  })
  .map(({ policy, shapes, runs, free }): Snapshot => {
    const held = (name: 'cpuMillis' | 'memoryMib' | 'gpuMillis'): number =>
      runs.reduce((sum, { resources }) => sum + resources[name], free);
    return {
      capacity: { cpuMillis: held('cpuMillis'), memoryMib: held('memoryMib'), gpuMillis: held('gpuMillis') },
      nowMs: 1_000_000,
      policy,
      isCordoned: false,
      running: runs.map(({ isPreemptible, ...run }, index) => {
        const preemptible = { id: `r${index}`, sinceMs: index, preemptions: 0, stopsAtOnce: true };
        return { ...run, priority: 20, count: 1, ...(isPreemptible ? { preemptible } : {}) };
      }),
      waiting: shapes.map(({ queuedAtMs, ...shape }, index) => ({ ...shape, oldest: { id: `d${index}`, queuedAtMs } })),
      reservations: [],
    };
  });

/** A moment whose search is long: coprime requests at several levels. */
const someHardSnapshot = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 4 })), {
    minLength: 60,
    maxLength: 120,
    selector: ([size]) => size,
  })
  .map((list): Snapshot => {
    const waiting = list.map(([size, priority], index) => ({
      priority,
      request: amounts(2 * size + 1, 3 * size + 1, 5 * size + 1),
      maxRuntimeSeconds: null,
      count: 1 + (index % 4),
      oldest: { id: `d${index}`, queuedAtMs: index },
    }));
    const all = waiting.reduce((sum, { request, count }) => sum + request.cpuMillis * count, 0);
    const capacity = amounts(Math.floor(all / 2), all, 2 * all);
    return {
      capacity,
      nowMs: 0,
      policy: { ...DEFAULT_POLICY, reserveAfterSeconds: null },
      isCordoned: false,
      running: [],
      waiting,
      reservations: [],
    };
  });

/** A history: each moment follows from the plan of the one before, some ends and some arrivals. */
const someDecisions = fc
  .tuple(
    someSnapshot,
    fc.array(fc.tuple(fc.array(fc.nat(11), { maxLength: 4 }), fc.array(someShape, { maxLength: 3 })), {
      minLength: 20,
      maxLength: 60,
    }),
  )
  .map(([first, steps]) => {
    const decisions: Decision[] = [{ snapshot: first, plan: plan(first) }];
    for (const [index, [ends, arrivals]] of steps.entries()) {
      const { snapshot, plan: made } = decisions.at(-1)!;
      const started = (shape: number): number => made.place.find((one) => one.shape === shape)?.count ?? 0;
      const victims = new Set(made.preempt.map(({ group }) => group));
      const next: Snapshot = {
        ...snapshot,
        nowMs: snapshot.nowMs + 10_000,
        running: [
          ...snapshot.running.filter((_, at) => !victims.has(at) && !ends.includes(at)),
          ...made.place.map(({ shape, count }) => {
            const { priority, request } = snapshot.waiting[shape]!;
            return { priority, resources: request, count, endsAtMs: null };
          }),
        ],
        waiting: [
          ...snapshot.waiting
            .map((shape, at) => ({ ...shape, count: shape.count - started(at) }))
            .filter(({ count }) => count > 0),
          ...arrivals.map(({ queuedAtMs: _, ...shape }, at) => ({
            ...shape,
            // A request of its own: two shapes are never the same.
            request: { ...shape.request, memoryMib: 100 + 3 * index + at },
            oldest: { id: `n${index}-${at}`, queuedAtMs: snapshot.nowMs },
          })),
        ],
        reservations: made.reservations,
      };
      decisions.push({ snapshot: next, plan: plan(next) });
    }
    return decisions;
  });

/** Records decisions as passes do, by one thread, or by several that take turns. */
function recorded(decisions: readonly Decision[], threads = 1): StoredDecision[] {
  const recorders = Array.from({ length: threads }, () => new DecisionRecorder());
  const stored: StoredDecision[] = [];
  for (const [index, decision] of decisions.entries()) {
    const recording = { clusterId: CLUSTER, passId: `p${index}`, head: stored.at(-1) ?? null };
    stored.push(recorders[index % threads]!.record(recording, decision));
  }
  return stored;
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

describe('recorded decisions', () => {
  it('returns each snapshot and plan as they were given, from one thread or several', async () => {
    await fc.assert(
      fc.asyncProperty(someDecisions, fc.integer({ min: 1, max: 3 }), async (decisions, threads) => {
        const read = await all(readDecisions(recorded(decisions, threads)));
        expect(read.map(({ snapshot, plan: made }) => ({ snapshot, plan: made }))).toEqual(asJson(decisions));
      }),
      { numRuns: cases(20) },
    );
  });

  it('returns them where snapshots have nothing in common', async () => {
    const someSnapshots = fc.array(someSnapshot, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(someSnapshots, async (snapshots) => {
        const decisions = snapshots.map((snapshot) => ({ snapshot, plan: plan(snapshot) }));
        const read = await all(readDecisions(recorded(decisions)));
        expect(read.map(({ snapshot }) => snapshot)).toEqual(asJson(snapshots));
      }),
      { numRuns: cases(50) },
    );
  });

  it('replays a random history by the same planner without a difference', async () => {
    await fc.assert(
      fc.asyncProperty(someDecisions, async (decisions) => {
        const replayed = await all(replay(recorded(decisions), ALL));
        expect(replayed).toHaveLength(decisions.length);
        expect(replayed.filter(({ difference }) => difference !== null)).toEqual([]);
      }),
      { numRuns: cases(20) },
    );
  });

  it('repeats plans that were stopped by time', async () => {
    let stopped = 0;
    await fc.assert(
      fc.asyncProperty(someHardSnapshot, fc.integer({ min: 1, max: 20 }), async (snapshot, question) => {
        let asked = 0;
        const made = plan(snapshot, { shouldStop: () => ++asked >= question });
        if (made.certificate.stopped === 'deadline') stopped++;
        const [replayed] = await all(replay(recorded([{ snapshot, plan: made }]), ALL));
        expect(replayed?.difference).toBeNull();
      }),
      { numRuns: cases(100) },
    );
    expect(stopped).toBeGreaterThan(0);
  });

  it('points at the first difference from a plan that another planner made', async () => {
    const [first] = fc.sample(
      someDecisions.filter(([one]) => (one?.plan.place.length ?? 0) > 0),
      { numRuns: 1, seed: 7 },
    )[0]!;
    const [placement, ...rest] = first!.plan.place;
    const other = { ...first!.plan, place: [{ ...placement!, count: placement!.count + 1 }, ...rest] };
    const [replayed] = await all(replay(recorded([{ ...first!, plan: other }]), ALL));
    expect(replayed?.difference).toEqual({
      pointer: '/place/0/count',
      recorded: placement!.count + 1,
      planned: placement!.count,
    });
  });

  it('stores changes in a small part of the bytes of a large queue', () => {
    const base = wide(5_000);
    const recorder = new DecisionRecorder();
    const sizes: number[] = [];
    let head: ChainHead | null = null;
    for (let index = 0; index < 8; index++) {
      const waiting = base.waiting.map((shape, at) =>
        at % 1_000 === index ? { ...shape, count: shape.count + 1 } : shape,
      );
      const snapshot = { ...base, nowMs: base.nowMs + index, waiting };
      const stored = recorder.record({ clusterId: CLUSTER, passId: `p${index}`, head }, { snapshot, plan: NOTHING });
      head = stored;
      sizes.push(stored.record.length);
    }
    expect(Math.max(...sizes.slice(1)) * 50).toBeLessThan(sizes[0]!);
  });

  it('stores a snapshot whole where the head is not the last decision of the thread', () => {
    const recorder = new DecisionRecorder();
    const decision = { snapshot: wide(3), plan: NOTHING };
    const first = recorder.record({ clusterId: CLUSTER, passId: 'a', head: null }, decision);
    const rolledBack = recorder.record({ clusterId: CLUSTER, passId: 'b', head: first }, decision);
    const again = recorder.record({ clusterId: CLUSTER, passId: 'c', head: first }, decision);
    expect([first, rolledBack, again].map(({ isWhole, position }) => [isWhole, position])).toEqual([
      [true, 1],
      [false, 2],
      [true, 2],
    ]);
  });
});

describe('the chain of decisions', () => {
  const stored = recorded(fc.sample(someDecisions, { numRuns: 1, seed: 3 })[0]!);
  const last = stored.at(-1)!;
  const check = async (list: readonly StoredDecision[], noted: string | null = last.hash, end: ChainHead = last) =>
    checkChain({ clusterId: CLUSTER, before: REMOVED, head: end, decisions: list }, noted);

  it('finds every noted head in an unchanged chain', async () => {
    expect(stored.length).toBeGreaterThan(20);
    expect(await check(stored)).toMatchObject({ first: 1, last: stored.length, headAt: stored.length, fault: null });
    expect(await check(stored, stored[4]!.hash)).toMatchObject({ headAt: 5, fault: null });
    expect(await check(stored, 'ab'.repeat(32))).toMatchObject({ fault: { kind: 'head-not-found' } });
  });

  it('finds a changed field, a changed record, and a decision that was removed, inserted or cut off', async () => {
    const changed = (changes: Partial<StoredDecision>) => stored.toSpliced(6, 1, { ...stored[6]!, ...changes });
    const other = encodeDecision({ snapshot: wide(2), plan: NOTHING }, null);
    for (const changes of [
      { passId: 'other' },
      { atMs: 0 },
      { build: 'other' },
      { record: other },
      { isWhole: true },
    ]) {
      expect(await check(changed(changes))).toMatchObject({ fault: { kind: 'changed', position: 7 } });
    }
    expect(await check(stored.toSpliced(6, 1))).toMatchObject({ fault: { kind: 'missing', position: 7 } });
    expect(await check(stored.toSpliced(6, 0, stored[6]!))).toMatchObject({ fault: { kind: 'missing', position: 8 } });
    expect(await check(stored.slice(0, -1))).toMatchObject({ fault: { kind: 'cut', position: stored.length } });
  });

  it('loses the noted head in a chain whose later hashes were all recomputed', async () => {
    let previous = stored[5]!.hash;
    const forged = stored.slice(6).map((one, index) => {
      const place = index === 0 ? { ...one, passId: 'other' } : one;
      const { record, hash: _, ...rest } = place;
      previous = hashOf(previous, rest, record);
      return { ...place, hash: previous };
    });
    const list = [...stored.slice(0, 6), ...forged];
    const end = list.at(-1)!;
    expect(await check(list, null, end)).toMatchObject({ fault: null });
    expect(await check(list, last.hash, end)).toMatchObject({ headAt: null, fault: { kind: 'head-not-found' } });
  });
});

const NOTHING = plan(wide(0));

/** A snapshot in which nothing fits. */
function wide(shapes: number): Snapshot {
  const waiting = Array.from({ length: shapes }, (_, index) => ({
    priority: 50,
    request: amounts(1_000 + index, 512 + (index % 100), 0),
    maxRuntimeSeconds: index % 3 === 0 ? 3_600 : null,
    count: 1 + (index % 17),
    oldest: {
      id: `0192f0c4-7e3a-7bb0-8000-${String(index * 7_919).padStart(12, '0')}`,
      queuedAtMs: 1_700_000_000_000 + index,
    },
  }));
  return {
    capacity: amounts(10, 10, 0),
    nowMs: 1_700_000_100_000,
    policy: DEFAULT_POLICY,
    isCordoned: false,
    running: [],
    waiting,
    reservations: [],
  };
}
