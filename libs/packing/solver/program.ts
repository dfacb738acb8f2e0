/** What is decided at a level: which of those that run at a priority stay, which nominations stand, or how many of those that wait there start. */
export type Stage = 'retained' | 'reserved' | 'placed';

/**
 * The integer program: how many of each class start, or stay.
 *
 * A level is what is decided at once: at each priority first what stays, where something might be given up, then which nominations stand, then what starts.
 * So nothing is ever given up for its own priority or a lower one, and no nomination for others of its priority.
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
  /** What one of a class counts at its level: 1 for what waits, work and count for what runs. */
  readonly weight: Float64Array;
  /** What one more of a class adds to the sum of shares of capacity. */
  readonly shares: Float64Array;
  /** The shapes in each class, or the candidates, or the nominations (by index in the demand), oldest first. */
  readonly members: readonly (readonly number[])[];
}
