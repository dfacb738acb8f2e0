import fc from 'fast-check';

import type { ResourceAmounts } from '#kernel';

import { DEFAULT_POLICY } from '../policy.js';
import type { Snapshot, WaitingShape } from '../types.js';
import { amounts } from './problems.js';

/** Sizes that make trouble: equal, coprime, multiples, tiny beside huge. */
const size = (largest: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(0, 1, 2, 3, 5, 7, 11, 13),
    fc.integer({ min: 0, max: largest }),
    fc.integer({ min: 0, max: Math.floor(largest / 4) }).map((quarter) => quarter * 4),
  );

const request = (largest: number): fc.Arbitrary<ResourceAmounts> =>
  fc
    .tuple(size(largest), size(largest), size(largest))
    .filter((sizes) => sizes.some((amount) => amount > 0))
    .map(([cpu, memory, gpu]) => amounts(cpu, memory, gpu));

/** How problems of a property are made. */
export interface ProblemSize {
  readonly shapes: number;
  readonly count: number;
  readonly largest: number;
  readonly levels: number;
}

/** Shapes that differ in priority or request, as the caller of the planner gives them. */
export function someShapes({ shapes, count, largest, levels }: ProblemSize): fc.Arbitrary<WaitingShape[]> {
  const shape = fc.record({
    priority: fc.integer({ min: 0, max: levels - 1 }),
    request: request(largest),
    maxRuntimeSeconds: fc.constant(null),
    count: fc.integer({ min: 1, max: count }),
  });
  return fc
    .uniqueArray(shape, { maxLength: shapes, selector: (entry) => JSON.stringify([entry.priority, entry.request]) })
    .map((list) =>
      list.map((entry, index) => ({ ...entry, oldest: { id: `d${index}`, queuedAtMs: (index * 7919) % 1000 } })),
    );
}

/** Snapshots whose capacity is a part of what waits, now and then zero in one resource. */
export function someSnapshot(problem: ProblemSize): fc.Arbitrary<Snapshot> {
  const part = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 110 }) },
    { weight: 1, arbitrary: fc.constant(0) },
  );
  return fc.tuple(someShapes(problem), part, part, part).map(([waiting, cpu, memory, gpu]) => {
    const total = (pick: (amounts: ResourceAmounts) => number): number =>
      waiting.reduce((sum, shape) => sum + pick(shape.request) * shape.count, 0);
    const share = (percent: number, whole: number): number => Math.floor((percent * whole) / 100);
    return {
      capacity: amounts(
        share(
          cpu,
          total((vector) => vector.cpuMillis),
        ),
        share(
          memory,
          total((vector) => vector.memoryMib),
        ),
        share(
          gpu,
          total((vector) => vector.gpuMillis),
        ),
      ),
      nowMs: 0,
      policy: { ...DEFAULT_POLICY, reserveAfterSeconds: null },
      isCordoned: false,
      running: [],
      waiting,
      reservation: null,
    };
  });
}
