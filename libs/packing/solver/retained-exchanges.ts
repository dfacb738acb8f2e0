import { openClasses, usage } from './box.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import type { RoundingTask } from './rounding.js';

/** Classes on either side of an exchange, at most: those that are closest to indifferent. */
const MOST = 40;

/** One or two classes of which one less, or one more, is kept. */
interface Side {
  readonly classes: readonly number[];
  readonly weight: number;
}

interface Exchange {
  readonly out: Side;
  readonly into: Side;
}

/**
 * Exchanges one or two of those that stay at a level for one or two others, the most profitable exchange first, as long as any fits and keeps more
 * work. What starts above is left as it is.
 */
export function exchangeRetained(task: Omit<RoundingTask, 'counts'>, x: Float64Array, budget: StepBudget): void {
  const { program, box, level } = task;
  const left = usage(program, x, program.start[level + 1]).map((used, row) => program.limits[row]! - used);
  while (budget.mayContinue()) {
    const leaving = nearest(task, (index) => x[index]! > box.lower[index]!);
    const coming = nearest(task, (index) => x[index]! < box.upper[index]!);
    const [out, into] = [singlesOf(program, leaving), singlesOf(program, coming)];
    const either = [...into, ...pairsOf(program, coming)].sort(byWorth);
    const one = bestExchange(program, left, { leaving: out, coming: either }, null, budget);
    const best = bestExchange(program, left, { leaving: pairsOf(program, leaving), coming: into }, one, budget);
    if (best === null) return;
    move(program, x, left, best.out, -1);
    move(program, x, left, best.into, 1);
  }
}

function nearest(
  { program, box, level, gains }: Omit<RoundingTask, 'counts'>,
  isMeant: (index: number) => boolean,
): number[] {
  const open = openClasses(program, box, level).filter(isMeant);
  return open.sort((a, b) => Math.abs(gains[a]!) - Math.abs(gains[b]!) || a - b).slice(0, MOST);
}

function byWorth(a: Side, b: Side): number {
  return a.weight - b.weight;
}

function singlesOf({ weight }: Program, classes: readonly number[]): Side[] {
  return classes.map((index) => ({ classes: [index], weight: weight[index]! })).sort(byWorth);
}

function pairsOf({ weight }: Program, classes: readonly number[]): Side[] {
  return classes.flatMap((one, at) =>
    classes.slice(at + 1).map((other) => ({ classes: [one, other], weight: weight[one]! + weight[other]! })),
  );
}

/** The most profitable exchange that fits, if it is better than the one that is known. `coming` by worth. */
function bestExchange(
  program: Program,
  left: Float64Array,
  { leaving, coming }: { readonly leaving: readonly Side[]; readonly coming: readonly Side[] },
  known: Exchange | null,
  budget: StepBudget,
): Exchange | null {
  let best = known;
  let most = known === null ? 0 : known.into.weight - known.out.weight;
  let tried = leaving.length + coming.length;
  for (const out of leaving) {
    // From the dearest down, as far as it pays.
    for (let at = coming.length - 1; at >= 0; at--) {
      const into = coming[at]!;
      if (into.weight - out.weight <= most) break;
      tried++;
      if (!fits(program, left, out, into)) continue;
      most = into.weight - out.weight;
      best = { out, into };
    }
  }
  budget.charge(tried * 12);
  budget.chargeSort(coming.length);
  return best;
}

function fits({ rows, amounts }: Program, left: Float64Array, out: Side, other: Side): boolean {
  for (let row = 0; row < rows; row++) {
    let more = 0;
    for (const index of other.classes) more += amounts[index * rows + row]!;
    for (const index of out.classes) more -= amounts[index * rows + row]!;
    if (more > left[row]!) return false;
  }
  return true;
}

function move({ rows, amounts }: Program, x: Float64Array, left: Float64Array, { classes }: Side, by: 1 | -1): void {
  for (const index of classes) {
    x[index] = x[index]! + by;
    for (let row = 0; row < rows; row++) left[row] = left[row]! - by * amounts[index * rows + row]!;
  }
}
