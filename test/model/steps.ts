import fc from 'fast-check';

/** The operations of a client. */
export const OPERATIONS = [
  'submit',
  'submit-many',
  'start',
  'complete',
  'fail',
  'report-stale',
  'cancel',
  'reprioritize',
  'edit',
  'grow',
  'shrink',
  'shrink-when-free',
  'cordon',
  'uncordon',
  'drain',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** The share of each operation; the remainder is submissions. */
const WEIGHTS: Readonly<Record<Exclude<Operation, 'submit'>, number>> = {
  'submit-many': 0.03,
  start: 0.06,
  complete: 0.22,
  fail: 0.07,
  'report-stale': 0.03,
  cancel: 0.12,
  reprioritize: 0.05,
  edit: 0.02,
  grow: 0.03,
  shrink: 0.02,
  'shrink-when-free': 0.01,
  cordon: 0.02,
  uncordon: 0.12,
  drain: 0.01,
};

/** One operation, with all its choices: a script is data, which its seed reproduces. */
export interface Step {
  readonly operation: Operation;
  /** The index of the cluster. */
  readonly cluster: number;
  /** Which of the eligible deployments, from 0 (the first) to 1. */
  readonly place: number;
  /** True: any deployment ever submitted; false: one of a likely status. */
  readonly isFarFetched: boolean;
  readonly requests: readonly Readonly<Record<string, unknown>>[];
  readonly priority: number;
  /** The size of a capacity, from 0 (the least) to 1. */
  readonly size: readonly [number, number, number];
}

const fraction = fc.double({ min: 0, max: 1, noNaN: true });

/** Sometimes one of these, mostly none. */
const rarely = (least: number, most: number): fc.Arbitrary<number | undefined> =>
  fc.option(fc.integer({ min: least, max: most }), { freq: 6, nil: undefined });

const PRIORITIES = [10, 50, 90] as const;

const request = fc
  .record({
    resources: fc.record({
      cpu: fc.integer({ min: 1, max: 8 }).map((halves) => halves / 2),
      memoryMib: fc.integer({ min: 1, max: 64 }),
      gpu: fc.integer({ min: 0, max: 2 }).map((halves) => halves / 2),
    }),
    priority: fc.constantFrom(...PRIORITIES),
    maxRuntimeSeconds: rarely(1, 3),
    queueTimeoutSeconds: rarely(1, 3),
    maxRetries: rarely(1, 2),
    preemptible: fc.nat(4).map((n) => n > 0),
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));

const choices = (clusters: number): fc.Arbitrary<Omit<Step, 'operation'>> =>
  fc.record({
    cluster: fc.nat(clusters - 1),
    place: fraction,
    isFarFetched: fc.nat(4).map((n) => n === 0),
    priority: fc.constantFrom(...PRIORITIES),
    requests: fc.array(request, { minLength: 2, maxLength: 12 }),
    size: fc.tuple(fraction, fraction, fraction),
  });

/** The count of each operation: always the same shares; no seed leaves an operation out. */
function bag(operations: number): Operation[] {
  const others = Object.entries(WEIGHTS).flatMap(([operation, share]) =>
    Array<Operation>(Math.max(1, Math.round(operations * share))).fill(operation as Operation),
  );
  return [...others, ...Array<Operation>(Math.max(1, operations - others.length)).fill('submit')];
}

/** The scripts of several clients, each a sequence of operations. The same seed gives the same scripts, though not the same timing. */
export function scriptsOf(seed: number, actors: number, operations: number, clusters: number): Step[][] {
  const all = bag(operations);
  const [script = []] = fc.sample(
    fc
      .tuple(
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        fc.array(choices(clusters), { minLength: all.length, maxLength: all.length, size: 'max' }),
      )
      .map(([shuffled, chosen]) =>
        chosen.map((choice, at): Step => ({ ...choice, operation: shuffled[at] ?? 'submit' })),
      ),
    { seed, numRuns: 1 },
  );
  return Array.from({ length: actors }, (_, actor) => script.filter((__, at) => at % actors === actor));
}
