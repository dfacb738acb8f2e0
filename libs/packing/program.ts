import type { ResourceAmounts } from '#kernel';

import type { WaitingShape } from './types.js';

/** What the waiting deployments may take: now, and beside a reservation. Amounts in the order cpu, memory, gpu. */
export interface Constraints {
  readonly capacity: readonly number[];
  readonly available: readonly number[];
  readonly beside: Beside | null;
}

/** Which waiting deployments a program is about. */
export interface Demand {
  readonly waiting: readonly WaitingShape[];
  /** Shapes that take part, by index. */
  readonly shapes: readonly number[];
  /** How many of each shape are still to be decided on, by index of the shape. */
  readonly counts: Float64Array;
}

/** What a reservation leaves to others. */
export interface Beside {
  readonly limits: readonly number[];
  /** Whether this shape's use of the resource (0 to 2) counts against the limit. */
  applies(shape: WaitingShape, resource: number): boolean;
}

/**
 * The integer program: how many of each class start.
 *
 * Classes are shapes that it cannot tell apart, sorted by level, then by amounts, whatever the order of the input: every tie that
 * is ever broken by index is thereby broken canonically. Amounts are whole numbers in doubles; no sum that can occur exceeds 2^53.
 */
export interface Program {
  /** Capacity rows: 3, or 6 beside a reservation. */
  readonly rows: number;
  readonly limits: Float64Array;
  readonly classes: number;
  /** By class, then row. */
  readonly amounts: Float64Array;
  /** Most that can start of each class: how many wait, and how many fit alone. */
  readonly counts: Float64Array;
  readonly level: Int32Array;
  /** First class of each level, and one past the last. */
  readonly start: Int32Array;
  readonly priorities: readonly number[];
  /** What one more of a class adds to the sum of shares of capacity. */
  readonly weights: Float64Array;
  /** The shapes in each class (by index), oldest first. */
  readonly shapes: readonly (readonly number[])[];
}

/** Amounts in the order of the rows. */
export function toRow(amounts: ResourceAmounts): [number, number, number] {
  return [amounts.cpuMillis, amounts.memoryMib, amounts.gpuMillis];
}

/** Builds the program. O(n log n) for n shapes. */
export function buildProgram(demand: Demand, constraints: Constraints): Program {
  const { waiting } = demand;
  const rows = constraints.beside === null ? 3 : 6;
  const table = tabulate(waiting, constraints, rows);
  const order = sortShapes(demand, table, rows);
  const shapes: number[][] = [];
  const priorities: number[] = [];
  const start: number[] = [];
  const level: number[] = [];
  for (const shape of order) {
    const last = shapes.at(-1)?.[0];
    const { priority } = waiting[shape] as WaitingShape;
    const isNewLevel = priority !== priorities.at(-1);
    if (isNewLevel) {
      priorities.push(priority);
      start.push(shapes.length);
    }
    if (!isNewLevel && last !== undefined && compareRows(table, rows, last, shape) === 0) {
      shapes.at(-1)?.push(shape);
    } else {
      shapes.push([shape]);
      level.push(priorities.length - 1);
    }
  }
  start.push(shapes.length);
  const limits = Float64Array.from([...constraints.available, ...(constraints.beside?.limits ?? [])]);
  const amounts = new Float64Array(shapes.length * rows);
  shapes.forEach((members, index) => {
    const first = (members[0] as number) * rows;
    amounts.set(table.subarray(first, first + rows), index * rows);
  });
  return {
    rows,
    limits,
    classes: shapes.length,
    amounts,
    counts: countClasses(demand, shapes, amounts, limits),
    level: Int32Array.from(level),
    start: Int32Array.from(start),
    priorities,
    weights: weighClasses(amounts, rows, shapes.length, constraints.capacity),
    shapes,
  };
}

function tabulate(waiting: readonly WaitingShape[], constraints: Constraints, rows: number): Float64Array {
  const table = new Float64Array(waiting.length * rows);
  waiting.forEach((shape, index) => {
    const { request } = shape;
    table[index * rows] = request.cpuMillis;
    table[index * rows + 1] = request.memoryMib;
    table[index * rows + 2] = request.gpuMillis;
    if (constraints.beside === null) return;
    for (let resource = 0; resource < 3; resource++) {
      if (constraints.beside.applies(shape, resource)) {
        table[index * rows + 3 + resource] = table[index * rows + resource] as number;
      }
    }
  });
  return table;
}

function compareRows(table: Float64Array, rows: number, a: number, b: number): number {
  for (let row = 0; row < rows; row++) {
    const difference = (table[a * rows + row] as number) - (table[b * rows + row] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function sortShapes({ waiting, shapes }: Demand, table: Float64Array, rows: number): Int32Array {
  const priority = Float64Array.from(waiting, (shape) => shape.priority);
  return Int32Array.from(shapes).sort((a, b) => {
    const difference = (priority[b] as number) - (priority[a] as number) || compareRows(table, rows, a, b);
    return difference !== 0 ? difference : compareAge(waiting[a] as WaitingShape, waiting[b] as WaitingShape);
  });
}

/** Oldest first, ties by id: the order in which interchangeable deployments start. */
function compareAge(a: WaitingShape, b: WaitingShape): number {
  if (a.oldest.queuedAtMs !== b.oldest.queuedAtMs) return a.oldest.queuedAtMs - b.oldest.queuedAtMs;
  if (a.oldest.id === b.oldest.id) return 0;
  return a.oldest.id < b.oldest.id ? -1 : 1;
}

function countClasses(
  demand: Demand,
  shapes: readonly (readonly number[])[],
  amounts: Float64Array,
  limits: Float64Array,
): Float64Array {
  const rows = limits.length;
  return Float64Array.from(shapes, (members, index) => {
    let most = 0;
    for (const shape of members) most += demand.counts[shape] as number;
    for (let row = 0; row < rows; row++) {
      const amount = amounts[index * rows + row] as number;
      if (amount > 0) most = Math.min(most, Math.floor((limits[row] as number) / amount));
    }
    return most;
  });
}

function weighClasses(amounts: Float64Array, rows: number, classes: number, capacity: readonly number[]): Float64Array {
  const weights = new Float64Array(classes);
  for (let index = 0; index < classes; index++) {
    for (let row = 0; row < 3; row++) {
      const size = capacity[row] as number;
      if (size > 0) weights[index] = (weights[index] as number) + (amounts[index * rows + row] as number) / size;
    }
  }
  return weights;
}
