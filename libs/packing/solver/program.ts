/**
 * What is decided at a level: which candidates of a priority are retained, which reservations are granted, or what of the waiting starts: as many as
 * possible (`placed`), or what uses most (`filled`). Only a `placed` level may choose other classes later, for lower levels.
 */
export type Stage = 'retained' | 'reserved' | 'placed' | 'filled';

/** Whether what waits starts at a stage. */
export function isStart(stage: Stage): boolean {
  return stage === 'placed' || stage === 'filled';
}

/**
 * The integer program: how many of each class start, or stay.
 *
 * A level is what is decided at once: at each priority first which candidates are retained, then what is set aside, then what else starts.
 * So nothing is ever preempted for its own priority or a lower one, and no reservation yields to others of its priority. Where a priority has more
 * shapes than are planned at once, what else starts is decided slice by slice, each a level.
 *
 * Classes are shapes, or candidates, that it cannot tell apart, sorted by level, then by amounts, then by worth, whatever the order of the input:
 * every tie that is ever broken by index is thereby broken canonically. Amounts are whole numbers in doubles; no sum that can occur exceeds 2^53.
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
  /** Priority of each level, and what is decided there. */
  readonly priorities: readonly number[];
  readonly stages: readonly Stage[];
  /** What one of a class counts at its level: 1 for what waits, or its utilization and count; lost work and count for candidates. */
  readonly weight: Float64Array;
  /** What one more of a class adds to the sum of shares of capacity. */
  readonly shares: Float64Array;
  /** The shapes in each class, or the candidates, or the reserved entries (by index in the demand), oldest first. */
  readonly members: readonly (readonly number[])[];
}
