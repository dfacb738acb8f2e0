import fc from 'fast-check';

import { type ResourceAmounts, RESOURCES } from '#kernel';

import { keyOf } from '../explain/places.js';
import { DEFAULT_POLICY } from '../policy.js';
import type { PlanningPolicy, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import { amounts } from './problems.js';

/** How large busy clusters are. */
export interface BusySize {
  readonly running: number;
  readonly shapes: number;
  readonly count: number;
  readonly largest: number;
  /** By how much, in seconds, the times differ that things have run: few make ties. */
  readonly elapsed: number;
}

/** As large as trying everything allows. */
export const TRIABLE: BusySize = { running: 12, shapes: 4, count: 2, largest: 12, elapsed: 5_000 };

const NOW_MS = 100_000_000;

/** A policy under which lower priorities yield after a minute, twice at most. */
export const YIELDING: PlanningPolicy = {
  ...DEFAULT_POLICY,
  reserveAfterSeconds: null,
  preemption: 'lower-priority',
  preemptAfterSeconds: 60,
  maxPreemptions: 2,
};

const PRIORITIES = [10, 50, 51, 90];

const someAmounts = (largest: number): fc.Arbitrary<ResourceAmounts> => {
  const part = fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: largest }) },
  );
  return fc
    .tuple(fc.integer({ min: 1, max: largest }), part, part)
    .map(([cpu, memory, gpu]) => amounts(cpu, memory, gpu));
};

/** Clusters in which most of what runs may be preempted, and more waits than fits beside it. */
export function someBusyCluster({ running, shapes, count, largest, elapsed }: BusySize): fc.Arbitrary<Snapshot> {
  const run = fc.record({
    priority: fc.constantFrom(...PRIORITIES),
    resources: someAmounts(largest),
    endsAtMs: fc.constantFrom(null, null, NOW_MS + 30_000, NOW_MS - 1),
    elapsed: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 60, max: 60 + elapsed }) },
      { weight: 1, arbitrary: fc.nat(59) },
    ),
    preemptions: fc.constantFrom(0, 0, 0, 1, 2),
    isPreemptible: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
    stopsAtOnce: fc.boolean(),
  });
  const shape = fc.record({
    priority: fc.constantFrom(...PRIORITIES),
    request: someAmounts(largest * 2),
    maxRuntimeSeconds: fc.constantFrom(null, 20, 60),
    count: fc.integer({ min: 1, max: count }),
    age: fc.integer({ min: 0, max: 999 }),
  });
  const slack = fc.integer({ min: 0, max: largest });
  return fc
    .record({
      runs: fc.array(run, { minLength: Math.floor(running / 3), maxLength: running }),
      queue: fc.uniqueArray(shape, { minLength: Math.floor(shapes / 2), maxLength: shapes, selector: keyOf }),
      slack: fc.tuple(slack, slack, slack),
    })
    .map(({ runs, queue, slack: [cpu, memory, gpu] }) => {
      const groups = runs.map(
        ({ elapsed: seconds, preemptions, isPreemptible, stopsAtOnce, ...group }, index): RunningGroup => {
          const sinceMs = NOW_MS - seconds * 1000 - index;
          const preemptible = { id: `r${String(index).padStart(4, '0')}`, sinceMs, preemptions, stopsAtOnce };
          return { ...group, count: 1, ...(isPreemptible ? { preemptible } : {}) };
        },
      );
      const used = (resource: keyof ResourceAmounts): number =>
        groups.reduce((sum, { resources }) => sum + resources[resource], 0);
      const [cpuMillis = 0, memoryMib = 0, gpuMillis = 0] = RESOURCES.map(
        (resource, row) => used(resource) + [cpu, memory, gpu][row]!,
      );
      return {
        capacity: { cpuMillis, memoryMib, gpuMillis },
        nowMs: NOW_MS,
        policy: YIELDING,
        isCordoned: false,
        running: groups,
        waiting: queue.map(({ age, ...rest }, index): WaitingShape => ({
          ...rest,
          oldest: { id: `w${String(index).padStart(4, '0')}`, queuedAtMs: NOW_MS - age * 1000 },
        })),
        reservations: [],
      };
    });
}
