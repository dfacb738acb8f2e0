import type { ResourceAmounts } from '#kernel';

import type { Candidate } from './candidates.js';
import { compareAge, compareIds } from '../rows.js';
import { isStart, type Program, type Stage } from '../solver/program.js';
import type { WaitingShape } from '../types.js';

/** What the waiting deployments may take: now, and beside a reservation. Amounts in the order cpu, memory, gpu. */
export interface Constraints {
  readonly capacity: readonly number[];
  readonly available: readonly number[];
  readonly beside: Beside | null;
}

/** Which deployments a program is about. */
export interface Demand {
  readonly waiting: readonly WaitingShape[];
  /** Shapes that take part, by index. */
  readonly shapes: readonly number[];
  /** How many of each shape are still to be decided on, by index of the shape. */
  readonly counts: Float64Array;
  /** The slice of each shape among those of its priority, by index of the shape. */
  readonly slices: Int32Array;
  /** Candidates whose retention is decided. */
  readonly candidates: readonly Candidate[];
  /** What is set aside for some of the waiting, beside the counts of their shapes. */
  readonly reserved: readonly Reserved[];
  /** What one of each shape counts, by its index, where utilization comes before count; `null`: one. */
  readonly weights: Float64Array | null;
}

/** A number of one shape, with precedence over all others of its priority. */
export interface Reserved {
  /** Index of the shape. */
  readonly shape: number;
  readonly count: number;
  readonly priority: number;
  /** True for the reservation that starts later: it needs its resources at its own time, not now. */
  readonly isLater?: boolean;
}

/** What there is at the time of a reservation that starts later. */
export interface Beside {
  readonly limits: readonly number[];
  /** What is set aside of it. */
  readonly needed: readonly number[];
  /** Whether what starts, or is set aside, of a shape still uses its resources then. */
  applies(shape: WaitingShape): boolean;
  /** Whether a running deployment that stays still uses its resources then, and does not yield to the reservation. */
  appliesTo(candidate: Candidate): boolean;
}

/** Builds the program. O(n log n) for n shapes and candidates. */
export function buildProgram(demand: Demand, constraints: Constraints): Program {
  const items = listItems(demand, constraints);
  const { rows, table, rank, weight } = items;
  const classes: number[][] = [];
  const start: number[] = [];
  const level: number[] = [];
  for (const item of sortItems(demand, items)) {
    const last = classes.at(-1)?.[0];
    const isNewLevel = last === undefined || rank[item] !== rank[last];
    if (isNewLevel) start.push(classes.length);
    if (!isNewLevel && compareItems(items, last, item) === 0) {
      classes.at(-1)?.push(item);
    } else {
      classes.push([item]);
      level.push(start.length - 1);
    }
  }
  const firstItems = start.map((index) => classes[index]![0]!);
  start.push(classes.length);
  const limits = Float64Array.from([...constraints.available, ...(constraints.beside?.limits ?? [])]);
  const amounts = new Float64Array(classes.length * rows);
  classes.forEach((members, index) => {
    const from = members[0]! * rows;
    amounts.set(table.subarray(from, from + rows), index * rows);
  });
  return {
    rows,
    limits,
    classes: classes.length,
    amounts,
    counts: countClasses(items, classes, amounts, limits),
    level: Int32Array.from(level),
    start: Int32Array.from(start),
    priorities: firstItems.map((item) => items.priority[item]!),
    stages: firstItems.map((item) => items.stages[item]!),
    weight: Float64Array.from(classes, (members) => weight[members[0]!]!),
    shares: shareClasses(amounts, rows, classes.length, constraints.capacity),
    members: classes.map((members) => members.map((item) => item - firstOf(demand, items.stages[item]!))),
  };
}

/** Where the items of a stage begin in the list of all. */
function firstOf({ waiting, candidates }: Demand, stage: Stage): number {
  if (isStart(stage)) return 0;
  return stage === 'retained' ? waiting.length : waiting.length + candidates.length;
}

/** Slices of one priority, at the very most. */
const MOST_SLICES = 2 ** 24;

/** The places of stages within a priority, from the one that is decided last. */
const PLACES: Readonly<Record<Stage, number>> = { placed: 0, filled: 0, reserved: 1, retained: 2 };
const STAGES = 3;

/** Shapes, then candidates, then nominations in one list: what tells them apart. */
interface Items {
  readonly rows: number;
  /** By item, then row. */
  readonly table: Float64Array;
  readonly priority: Float64Array;
  readonly stages: Stage[];
  /** Priority, stage and slice in one number; levels are walked from the highest. */
  readonly rank: Float64Array;
  readonly weight: Float64Array;
  readonly counts: Float64Array;
  /** Index of the first candidate. */
  readonly first: number;
}

function listItems({ waiting, counts, slices, candidates, reserved, weights }: Demand, { beside }: Constraints): Items {
  const rows = beside === null ? 3 : 6;
  const first = waiting.length;
  const size = first + candidates.length + reserved.length;
  const items: Items = {
    rows,
    table: new Float64Array(size * rows),
    priority: new Float64Array(size),
    stages: new Array<Stage>(size),
    rank: new Float64Array(size),
    weight: new Float64Array(size).fill(1),
    counts: new Float64Array(size).fill(1),
    first,
  };
  items.counts.set(counts);
  const list = (item: number, priority: number, stage: Stage, request: ResourceAmounts): void => {
    items.priority[item] = priority;
    items.stages[item] = stage;
    items.rank[item] = (priority * STAGES + PLACES[stage]) * MOST_SLICES;
    items.table[item * rows] = request.cpuMillis;
    items.table[item * rows + 1] = request.memoryMib;
    items.table[item * rows + 2] = request.gpuMillis;
  };
  const limit = (item: number): void => {
    items.table.copyWithin(item * rows + 3, item * rows, item * rows + 3);
  };
  waiting.forEach((shape, item) => {
    list(item, shape.priority, weights === null ? 'placed' : 'filled', shape.request);
    if (weights !== null) items.weight[item] = weights[item]!;
    items.rank[item] = items.rank[item]! - slices[item]!;
    if (beside?.applies(shape) === true) limit(item);
  });
  candidates.forEach((candidate, index) => {
    const item = first + index;
    list(item, candidate.priority, 'retained', candidate.request);
    items.weight[item] = candidate.weight;
    if (beside?.appliesTo(candidate) === true) limit(item);
  });
  reserved.forEach(({ shape, count, isLater }, index) => {
    const item = first + candidates.length + index;
    const { priority, request } = waiting[shape]!;
    list(item, priority, 'reserved', request);
    items.counts[item] = count;
    if (isLater === true) items.table.set([0, 0, 0, ...beside!.needed], item * rows);
    else if (beside?.applies(waiting[shape]!) === true) limit(item);
  });
  return items;
}

function compareItems({ table, rows, weight }: Items, a: number, b: number): number {
  for (let row = 0; row < rows; row++) {
    const difference = table[a * rows + row]! - table[b * rows + row]!;
    if (difference !== 0) return difference;
  }
  return weight[a]! - weight[b]!;
}

function sortItems({ waiting, shapes, candidates, reserved }: Demand, items: Items): Int32Array {
  const { rank, first } = items;
  const others = Array.from({ length: candidates.length + reserved.length }, (_, index) => first + index);
  const order = Int32Array.from([...shapes, ...others]);
  const shapeOf = (item: number): WaitingShape => waiting[reserved[item - first - candidates.length]?.shape ?? item]!;
  return order.sort((a, b) => {
    const difference = rank[b]! - rank[a]! || compareItems(items, a, b);
    if (difference !== 0) return difference;
    return items.stages[a] === 'retained'
      ? compareRuns(candidates[a - first]!, candidates[b - first]!)
      : compareAge(shapeOf(a).oldest, shapeOf(b).oldest);
  });
}

/** The candidate that has run longest stays first, ties by id. */
function compareRuns(a: Candidate, b: Candidate): number {
  return a.sinceMs - b.sinceMs || compareIds(a, b);
}

function countClasses(
  items: Items,
  classes: readonly (readonly number[])[],
  amounts: Float64Array,
  limits: Float64Array,
): Float64Array {
  const rows = limits.length;
  return Float64Array.from(classes, (members, index) => {
    let most = 0;
    for (const item of members) most += items.counts[item]!;
    for (let row = 0; row < rows; row++) {
      const amount = amounts[index * rows + row]!;
      if (amount > 0) most = Math.min(most, Math.floor(limits[row]! / amount));
    }
    return most;
  });
}

function shareClasses(amounts: Float64Array, rows: number, classes: number, capacity: readonly number[]): Float64Array {
  const shares = new Float64Array(classes);
  for (let index = 0; index < classes; index++) {
    for (let row = 0; row < 3; row++) {
      const size = capacity[row]!;
      if (size > 0) shares[index] = shares[index]! + amounts[index * rows + row]! / size;
    }
  }
  return shares;
}
