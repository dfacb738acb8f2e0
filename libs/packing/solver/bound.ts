import { type Box, sumLevel, usage } from './box.js';
import type { Program } from './program.js';

/** One unit of the objective in multipliers; see `PROOF_SCALE`. */
const SCALE = 2 ** 60;

/** Twice the relative rounding error of one operation: every error estimate below is at least double what can occur. */
const EPSILON = 2 ** -51;

/** Sums over disjoint sets of classes, each kept within `lower..upper` (the case distinctions of a search). */
export interface Groups {
  /** Group of each class, -1 for none. */
  readonly of: Int32Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Multipliers of constraints, all multiples of 2^-60: prices of capacity (>= 0), of places at a level, of groups (any sign). */
export interface Prices {
  readonly capacity: Float64Array;
  readonly levels: Float64Array;
  readonly groups: Float64Array | null;
}

/** A problem "as far as this level": what is open, what each level up to it counts, and the capacity that is left for that. */
export interface Frame {
  readonly program: Program;
  readonly box: Box;
  readonly level: number;
  /** Deployments required at each level above, and, where something is to be refuted, the least at this one. */
  readonly counts: Float64Array;
  /** The most at this level, known already. */
  readonly most: number;
  /** Capacity beyond what the lower bounds take. */
  readonly rest: Float64Array;
  readonly groups: Groups | null;
}

/** A number known to lie within `value - error .. value + error`. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** What the multipliers are to bound: what the frame's level counts, the sum of shares, or nothing (a contradiction is sought). */
export type Objective = 'level' | 'weights' | 'none';

/** Prepares a frame: what capacity is left beyond the lower bounds. */
export function frameOf(question: Omit<Frame, 'rest'>): Frame {
  const used = usage(question.program, question.box.lower);
  return { ...question, rest: question.program.limits.map((limit, row) => limit - used[row]!) };
}

/** The frame of a level that is to be bounded, given the counts above it. */
export function levelFrame(program: Program, box: Box, level: number, counts: Float64Array): Frame {
  return frameOf({ program, box, level, counts, most: counts[level]!, groups: null });
}

/** Rounds a multiplier so that it is exact in the proof's whole numbers. */
export function quantize(multiplier: number): number {
  return Math.round(multiplier * SCALE) / SCALE;
}

/**
 * Upper bound on the objective over the frame by weak duality, whatever the multipliers:
 * sum of multiplier times right-hand side, plus for each class the better end of its range at its gain.
 *
 * @param gains receives each class's gain (objective minus prices), for classes of lower levels too
 */
export function evaluate(frame: Frame, prices: Prices, objective: Objective, gains: Float64Array): Estimate {
  const { program, box } = frame;
  const { rows, amounts } = program;
  const end = program.start[frame.level + 1]!;
  const rightHand = rightHandSide(frame, prices);
  let { value } = rightHand;
  let magnitude = rightHand.error;
  for (let index = 0; index < program.classes; index++) {
    const level = program.level[index]!;
    const weight = weightOf(frame, index, level, objective);
    let cost = 0;
    for (let row = 0; row < rows; row++) {
      cost += prices.capacity[row]! * amounts[index * rows + row]!;
    }
    const other = level <= frame.level ? levelPrice(frame, prices, index) + groupPrice(frame, prices, index) : 0;
    const gain = weight - cost - other;
    gains[index] = gain;
    if (index >= end) continue;
    const lower = box.lower[index]!;
    const room = box.upper[index]! - lower;
    if (gain > 0) value += room * gain;
    value += lower * weight;
    magnitude += room * (Math.abs(weight) + cost + Math.abs(other)) + lower * weight;
  }
  return { value, error: magnitude * EPSILON * (end + 16) };
}

function weightOf(frame: Frame, index: number, level: number, objective: Objective): number {
  if (objective === 'weights') return frame.program.shares[index]!;
  return objective === 'level' && level === frame.level ? frame.program.weight[index]! : 0;
}

/** What one of a class pays at its level. */
function levelPrice({ program }: Frame, prices: Prices, index: number): number {
  return prices.levels[program.level[index]!]! * program.weight[index]!;
}

function groupPrice(frame: Frame, prices: Prices, index: number): number {
  if (frame.groups === null || prices.groups === null) return 0;
  const group = frame.groups.of[index]!;
  return group < 0 ? 0 : prices.groups[group]!;
}

/** The part that does not depend on classes; `error` is the sum of magnitudes. */
function rightHandSide(frame: Frame, prices: Prices): Estimate {
  const { program, box, counts, rest, groups } = frame;
  let value = 0;
  let magnitude = 0;
  const add = (term: number): void => {
    value += term;
    magnitude += Math.abs(term);
  };
  for (let row = 0; row < program.rows; row++) add(prices.capacity[row]! * rest[row]!);
  for (let level = 0; level <= frame.level; level++) {
    const price = prices.levels[level]!;
    if (price === 0) continue;
    const count = level === frame.level && price > 0 ? frame.most : counts[level]!;
    add(price * (count - sumLevel(program, box.lower, level)));
  }
  if (groups !== null && prices.groups !== null) {
    const base = new Float64Array(groups.lower.length);
    for (let index = 0; index < program.classes; index++) {
      const group = groups.of[index]!;
      if (group >= 0) base[group] = base[group]! + box.lower[index]!;
    }
    prices.groups.forEach((price, group) => {
      const limit = price > 0 ? groups.upper[group] : groups.lower[group];
      if (price !== 0) add(price * (limit! - base[group]!));
    });
  }
  return { value, error: magnitude };
}

/**
 * Reduced-cost fixing: a class may leave its better end only as far as the distance between bound and count pays for.
 *
 * Holds for classes of lower levels too: whatever starts there uses capacity that has its price.
 */
export function tighten(frame: Frame, prices: Prices, bound: Estimate, count: number, gains: Float64Array): void {
  const { program, box } = frame;
  const gap = Math.max(0, bound.value + bound.error - count);
  for (let index = 0; index < program.classes; index++) {
    const lower = box.lower[index]!;
    const upper = box.upper[index]!;
    if (lower === upper) continue;
    const gain = gains[index]!;
    const size = Math.abs(gain) - gainError(frame, prices, index);
    if (size <= 0) continue;
    const steps = Math.floor((gap / size) * (1 + EPSILON * 8));
    if (steps >= upper - lower) continue;
    if (gain > 0) box.lower[index] = upper - steps;
    else box.upper[index] = lower + steps;
  }
}

function gainError(frame: Frame, prices: Prices, index: number): number {
  const { program } = frame;
  const level = program.level[index]!;
  let magnitude = program.weight[index]!;
  for (let row = 0; row < program.rows; row++) {
    magnitude += prices.capacity[row]! * program.amounts[index * program.rows + row]!;
  }
  if (level <= frame.level) {
    magnitude += Math.abs(levelPrice(frame, prices, index)) + Math.abs(groupPrice(frame, prices, index));
  }
  return magnitude * EPSILON * 16;
}
