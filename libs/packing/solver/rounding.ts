import { type Box, openClasses, usage } from './box.js';
import { addWhatFits } from './fill.js';
import { Exchanges } from './exchanges.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import { FixedRandom } from './random.js';

/** A point to start from, and what it is to become. */
export interface RoundingTask {
  readonly program: Program;
  readonly box: Box;
  /** Levels up to this one take part; lower ones stay at zero. */
  readonly level: number;
  /** Deployments required at each of them. */
  readonly counts: Float64Array;
  /** Fractional counts of all classes up to the level. */
  readonly point: Float64Array;
  /** How far each class is from being indifferent. */
  readonly gains: Float64Array;
}

/** How hard to try. */
export interface RoundingEffort {
  /** Classes considered for exchanges, over all levels: fractional ones first, then those closest to indifferent. */
  readonly candidates: number;
  /** Exchanges tried at random where the best single ones do not help, per attempt. */
  readonly exchanges: number;
  readonly attempts: number;
}

/**
 * Rounds a fractional point to whole counts with exactly the required sum at each level, then exchanges one deployment for another of the same
 * level until capacity is kept: greedily, then at random with a falling tolerance. Returns null when that fails, which proves nothing.
 */
export function roundToCounts(task: RoundingTask, effort: RoundingEffort, budget: StepBudget): Float64Array | null {
  const { program, box, level } = task;
  const open = Array.from({ length: level + 1 }, (_, at) => openClasses(program, box, at));
  budget.charge(program.classes * 8);
  const x = floorPoint(task);
  for (let at = 0; at <= level; at++) {
    if (!meetCount(task, x, at, open[at]!, budget)) return null;
  }
  const used = usage(program, x);
  if (used.every((amount, row) => amount <= program.limits[row]!)) return x;
  const candidates = chooseCandidates(task, open, effort.candidates);
  budget.chargeSort(open.reduce((sum, classes) => sum + classes.length, 0));
  const state = new Exchanges(program, box, x, used, candidates);
  if (state.improve(budget)) return x;
  const random = new FixedRandom(program.classes + level);
  for (let attempt = 0; attempt < effort.attempts && budget.mayContinue(); attempt++) {
    if (state.wander(random, effort.exchanges, budget)) return x;
  }
  return null;
}

/**
 * Decides on a level that counts work, beside what `x` starts above it: the whole part of the point if that fits, and then, by gain, whatever fits.
 * Overwrites the level in `x`; false where even what must stay does not fit.
 */
export function keepDearest(task: Omit<RoundingTask, 'counts'>, x: Float64Array, budget: StepBudget): boolean {
  const { program, box, level, point, gains } = task;
  const end = program.start[level + 1]!;
  const first = program.start[level]!;
  for (let index = first; index < end; index++) {
    const whole = Math.floor(point[index]! + 1e-6);
    x[index] = Math.min(Math.max(whole, box.lower[index]!), box.upper[index]!);
  }
  const leave = (): Float64Array => usage(program, x, end).map((used, row) => program.limits[row]! - used);
  let left = leave();
  if (left.some((amount) => amount < 0)) {
    x.set(box.lower.subarray(first, end), first);
    left = leave();
    if (left.some((amount) => amount < 0)) return false;
  }
  const order = openClasses(program, box, level).filter((index) => x[index]! < box.upper[index]!);
  order.sort((a, b) => gains[b]! - gains[a]! || a - b);
  budget.charge(end * 6);
  budget.chargeSort(order.length);
  for (const index of order) {
    const room = box.upper[index]! - x[index]!;
    x[index] = x[index]! + addWhatFits(program, left, index, room);
  }
  return true;
}

function floorPoint({ program, box, level, point }: RoundingTask): Float64Array {
  const x = new Float64Array(program.classes);
  const end = program.start[level + 1]!;
  for (let index = 0; index < end; index++) {
    const whole = Math.floor(point[index]! + 1e-6);
    x[index] = Math.min(Math.max(whole, box.lower[index]!), box.upper[index]!);
  }
  return x;
}

/** Adds or takes single deployments, where the point wants them most, until the level has its count. */
function meetCount(
  task: RoundingTask,
  x: Float64Array,
  level: number,
  open: readonly number[],
  budget: StepBudget,
): boolean {
  const { program, box, point, gains } = task;
  let missing = task.counts[level]!;
  const end = program.start[level + 1]!;
  for (let index = program.start[level]!; index < end; index++) missing -= x[index]!;
  if (missing === 0) return true;
  const direction = Math.sign(missing);
  let left = Math.abs(missing);
  const wish = (index: number): number => direction * (point[index]! - x[index]!);
  const order = open.toSorted((a, b) => wish(b) - wish(a) || direction * (gains[b]! - gains[a]!) || a - b);
  budget.chargeSort(open.length);
  for (const once of [true, false]) {
    for (const index of order) {
      if (left === 0) return true;
      const count = x[index]!;
      const room = direction > 0 ? box.upper[index]! - count : count - box.lower[index]!;
      const taken = Math.min(room, once ? 1 : left);
      x[index] = count + direction * taken;
      left -= taken;
    }
  }
  return left === 0;
}

function chooseCandidates(task: RoundingTask, open: readonly number[][], most: number): Int32Array[] {
  const { point, gains } = task;
  const levels = open.filter((classes) => classes.length > 0);
  const share = Math.max(8, Math.floor(most / Math.max(1, levels.length)));
  const rank = (index: number): number => {
    const isWhole = Math.abs(point[index]! - Math.round(point[index]!)) <= 1e-6;
    return isWhole ? Math.abs(gains[index]!) : -1;
  };
  return levels.map((classes) => {
    if (classes.length <= share) return Int32Array.from(classes);
    return Int32Array.from(classes.toSorted((a, b) => rank(a) - rank(b) || a - b).slice(0, share));
  });
}
