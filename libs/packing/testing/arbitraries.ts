import fc from 'fast-check';

import { type ResourceAmounts, RESOURCES } from '#kernel';

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
      reservations: [],
    };
  });
}

/** Ways in which requests make trouble: what one of them is, for a size from 1 to `largest` and some noise. */
const TROUBLE = {
  coprime: (size: number, noise: number) => amounts(size * 2 + 1, size * 3 + 1, noise === 0 ? 0 : size * 5 + 1),
  correlated: (size: number, noise: number) => amounts(size, size * 4 + noise, size + noise),
  'anti-correlated': (size: number, noise: number, largest: number) =>
    amounts(size, largest + 1 - size, ((size * 7 + noise) % largest) + 1),
  sparse: (size: number, noise: number) =>
    amounts(noise % 3 === 0 ? size : 0, noise % 3 === 1 ? size : 0, noise % 3 === 2 ? size : 0),
  'nearly equal': (_: number, noise: number, largest: number) =>
    amounts(largest - noise, largest - ((noise * 7) % 10), largest - ((noise * 3) % 10)),
  'tiny beside huge': (size: number, noise: number, largest: number) =>
    amounts(noise % 2 === 0 ? largest : 1, noise % 2 === 0 ? 1 : size, noise % 5 === 0 ? largest : 0),
} as const;

/** The names of {@link someTrouble}. */
export const TROUBLES = Object.keys(TROUBLE) as (keyof typeof TROUBLE)[];

/** The largest capacity that a cluster can have. */
const LARGEST_CAPACITY = 1_000_000_000_000;

/** Snapshots that are hard on purpose: up to 101 levels, requests of one troublesome kind, capacities from nothing to nearly all. */
export function someTrouble(
  kind: keyof typeof TROUBLE,
  { shapes, count, largest, levels }: ProblemSize,
): fc.Arbitrary<Snapshot> {
  const shape = fc.record({
    priority: fc.integer({ min: 0, max: levels - 1 }),
    request: fc
      .tuple(fc.integer({ min: 1, max: largest }), fc.nat(9))
      .map(([size, noise]) => TROUBLE[kind](size, noise, largest)),
    maxRuntimeSeconds: fc.constant(null),
    count: fc.integer({ min: 1, max: count }),
  });
  const list = fc.uniqueArray(shape, {
    minLength: 1,
    maxLength: shapes,
    selector: ({ priority, request }) => JSON.stringify([priority, request]),
  });
  const part = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 15, max: 95 }) },
    { weight: 1, arbitrary: fc.constant(0) },
  );
  return fc.tuple(list, part, part, part).map(([entries, ...parts]) => {
    const [cpu = 0, memory = 0, gpu = 0] = RESOURCES.map((resource, index) => {
      const total = entries.reduce((sum, entry) => sum + entry.request[resource] * entry.count, 0);
      return Math.min(LARGEST_CAPACITY, Math.floor((total / 100) * parts[index]!));
    });
    return {
      capacity: amounts(cpu, memory, gpu),
      nowMs: 0,
      policy: { ...DEFAULT_POLICY, reserveAfterSeconds: null },
      isCordoned: false,
      running: [],
      waiting: entries.map((entry, index) => ({ ...entry, oldest: { id: `d${index}`, queuedAtMs: index } })),
      reservations: [],
    };
  });
}
