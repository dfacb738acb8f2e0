import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ResourceVector } from '#kernel';
import { DEFAULT_POLICY, ownedReservation, plan, RESERVATION_ORDERS, type RunningGroup, type Snapshot } from '#packing';

import { cases } from '../../../test/support/cases.js';
import { namesOf, startingShapes } from './names.js';

const NOW_MS = 10_000_000;

const amounts = (cpuMillis: number) => ({ cpuMillis, memoryMib: 0, gpuMillis: 0 });

const someShape = fc.record({
  priority: fc.constantFrom(50, 50, 60),
  cpuMillis: fc.integer({ min: 1, max: 100 }),
  maxRuntimeSeconds: fc.constantFrom(null, 60, 600, 7_200),
  waitedSeconds: fc.uniqueArray(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 6 }),
});

const someRun = fc.record({
  priority: fc.constantFrom(10, 20, 50),
  cpuMillis: fc.integer({ min: 1, max: 40 }),
  endsInSeconds: fc.constantFrom(null, 30, 900),
  isPreemptible: fc.constantFrom(true, true, true, false),
});

const someCluster = fc.record({
  shapes: fc.uniqueArray(someShape, {
    minLength: 2,
    maxLength: 6,
    selector: ({ priority, cpuMillis, maxRuntimeSeconds }) => JSON.stringify([priority, cpuMillis, maxRuntimeSeconds]),
  }),
  runs: fc.array(someRun, { maxLength: 5 }),
  free: fc.integer({ min: 0, max: 60 }),
  order: fc.constantFrom(...RESERVATION_ORDERS),
});

/** A cluster of which all that waits has a name, oldest first. */
function snapshotOf({ shapes, runs, free, order }: typeof someCluster extends fc.Arbitrary<infer One> ? One : never) {
  const running = runs.map(({ priority, cpuMillis, endsInSeconds, isPreemptible }, index): RunningGroup => {
    const preemptible = { id: `r${index}`, sinceMs: NOW_MS - 1_000_000 - index, preemptions: 0, stopsAtOnce: true };
    const endsAtMs = endsInSeconds === null ? null : NOW_MS + endsInSeconds * 1_000;
    return {
      priority,
      resources: amounts(cpuMillis),
      count: 1,
      endsAtMs,
      ...(isPreemptible ? { preemptible } : {}),
    };
  });
  const allocated = runs.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0);
  const snapshot: Snapshot = {
    capacity: amounts(allocated + free),
    nowMs: NOW_MS,
    policy: { ...DEFAULT_POLICY, preemption: 'lower-priority', reservationOrder: order },
    isCordoned: false,
    running,
    waiting: shapes.map(({ priority, cpuMillis, maxRuntimeSeconds, waitedSeconds }, shape) => {
      const waits = waitedSeconds.toSorted((a, b) => b - a);
      const [oldest, ...followers] = waits.map((waited, index) => ({
        id: `w${shape}-${index}`,
        queuedAtMs: NOW_MS - waited * 1_000 - shape,
      }));
      return {
        priority,
        request: amounts(cpuMillis),
        maxRuntimeSeconds,
        count: waits.length,
        oldest: oldest!,
        followers,
      };
    }),
    reservations: [],
  };
  return { snapshot, allocated: ResourceVector.of(amounts(allocated)) };
}

/** The same cluster with as many names as a pass reads. */
function asRead(snapshot: Snapshot, allocated: ResourceVector): Snapshot {
  const shapes = snapshot.waiting.map(({ request, count }) => ({ ...request, waiting: count }));
  const oldest = new Map(shapes.map((shape, index) => [shape, snapshot.waiting[index]!.oldest.queuedAtMs]));
  const room = { allocated, capacity: ResourceVector.of(snapshot.capacity), mayPreempt: true };
  const starting = startingShapes(snapshot, room, oldest);
  const most = Math.max(0, ...starting.map(({ starts }) => starts));
  const waiting = snapshot.waiting.map((shape, index) => {
    const isStarting = starting.some((one) => one.shape === shapes[index]);
    const names = namesOf(1, shapes.length) + (isStarting ? most : 0);
    return { ...shape, followers: shape.followers!.slice(0, names - 1) };
  });
  return { ...snapshot, waiting };
}

describe('the names that a pass reads', () => {
  it('leads to the reservation and the starts of a snapshot that names all, where runs may be preempted', () => {
    let reserved = 0;
    let shortened = 0;
    fc.assert(
      fc.property(someCluster, (cluster) => {
        const { snapshot, allocated } = snapshotOf(cluster);
        const read = asRead(snapshot, allocated);
        const [all, some] = [plan(snapshot), plan(read)];
        expect(some.reservations).toEqual(all.reservations);
        expect(some.place).toEqual(all.place);
        if (ownedReservation(all.reservations) !== null) reserved++;
        if (read.waiting.some(({ followers, count }) => followers!.length + 1 < count)) shortened++;
      }),
      { numRuns: cases(2_000) },
    );
    expect(reserved).toBeGreaterThan(100);
    expect(shortened).toBeGreaterThan(20);
  });

  it('keeps to the most names of a snapshot', () => {
    expect(namesOf(30_000, 1)).toBe(20_000);
    expect(namesOf(64, 20_000)).toBe(1);
    expect(namesOf(0, 5)).toBe(1);
  });
});
