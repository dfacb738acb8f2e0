import { type Box, copyBox, sumLevel, wholeBox } from './box.js';
import { type Estimate, evaluate, type Frame, frameOf, type Prices, tighten } from './bound.js';
import { evaluateExactly, EXACT_OPERATIONS } from './exact.js';
import { type GroupSet, groupClasses } from './groups.js';
import { pointOf } from './level.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import type { ProofNode, Refutation } from '../proof.js';
import { exportPrices } from './proof-writer.js';
import { perturbation } from './random.js';
import { type Relaxation, relax, toPrices } from './relaxation.js';
import { keepDearest, type RoundingEffort, roundToCounts } from './rounding.js';
import { Simplex } from './simplex.js';
import { type Split, Splits } from './splits.js';
import { embed, openPart } from './subprogram.js';
import { exchangeRetained } from './retained-exchanges.js';

/** Candidates whose two sides are solved before one is branched on, near the root and further down. */
const PROBED = 8;
const PROBED_DEEP = 4;
const DEEP = 12;

/** Pivots that such a trial may take. */
const PROBE_PIVOTS = 40;

/** Splits on the way from the root to a node, at most: below that nothing can be said. Keeps searches within any stack, and proofs within any reader. */
const DEEPEST = 200;

/** What an empty side counts as, compared to losses of the objective. */
const IMPOSSIBLE = 1e6;

/** The focus of a search that is after little use instead of a level's count. */
const LITTLE_USE = -1;

/** Part of a search's budget that goes to branching for little use; the rest goes to narrowing by one level's count. */
const LITTLE_USE_SHARE = 0.3;

/** Rounding before the search, and at each of its nodes. */
const THOROUGH: RoundingEffort = { candidates: 160, exchanges: 1_500, attempts: 1 };
const QUICK: RoundingEffort = { candidates: 32, exchanges: 100, attempts: 1 };

/** What a search ended with: the best point that it found, and why there is none with more; either may be missing. */
export interface SearchResult {
  readonly x: Float64Array | null;
  readonly refutation: Refutation | null;
}

/** What is known of a node: a proof, nothing, or that a point was found there and more is asked for. */
type Explored = ProofNode | 'raised' | null;

/** What a search is to find: is there a whole point with exactly these counts above the level, and from `counts[level]` to `most` there? */
export interface SearchGoal {
  readonly level: number;
  readonly counts: Float64Array;
  readonly most: number;
  /** With fewer than this at the level the search goes on for more. */
  readonly enough: number;
  /** How far each class is from being indifferent, by the level's prices. */
  readonly gains: Float64Array;
  /** The fractional optimum of the level. */
  readonly point: Float64Array;
}

/** Looks for a point that answers, or shows that there is none: rounding first, then branch and bound, on what is still open in the box. */
export function searchTarget(program: Program, box: Box, goal: SearchGoal, budget: StepBudget): SearchResult {
  const part = openPart(program, box, goal.level);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(part.origin, (index) => values[index]!);
  const lower = pick(box.lower);
  const reduced: SearchGoal = {
    level: goal.level,
    counts: goal.counts.map((count, level) => count - part.base[level]!),
    most: goal.most - part.base[goal.level]!,
    enough: goal.enough - part.base[goal.level]!,
    gains: pick(goal.gains),
    point: pick(goal.point).map((value, at) => value - lower[at]!),
  };
  budget.charge(program.classes * 12 + part.program.classes * 60);
  const result = new Search(part.program, reduced, budget).run();
  const x = result.x === null ? null : embed(box, part, result.x);
  if (result.refutation === null) return { x, refutation: null };
  const { groups, tree } = result.refutation;
  const original = groups.map((group) => group.map((index) => part.origin[index]!));
  const base = groups.map((group) => group.reduce((sum, index) => sum + lower[index]!, 0));
  const target = result.refutation.target + part.base[goal.level]!;
  return { x, refutation: { target, groups: original, tree: renumber(tree, base, goal.level + 1) } };
}

/** The same case distinctions for sums that begin at `base` instead of zero, and groups numbered after the levels. */
function renumber(node: ProofNode, base: readonly number[], levels: number): ProofNode {
  if ('multipliers' in node) return node;
  if ('cut' in node) return { cut: node.cut, then: renumber(node.then, base, levels) };
  const at = node.at + base[node.group]!;
  const [below, above] = [renumber(node.below, base, levels), renumber(node.above, base, levels)];
  return { group: node.group + levels, at, below, above };
}

/**
 * Depth-first branch and bound. What counts is only whether there is a point with the target at the level, so that nothing is compared;
 * a point that is found raises the target, and what was refuted before stays refuted.
 */
class Search {
  private readonly box: Box;
  private readonly grouping: GroupSet;
  private readonly node: Box;
  private readonly frame: Frame;
  private readonly relaxation: Relaxation;
  private readonly simplex: Simplex;
  private readonly splits: Splits;
  /** Deployments required at each level: at the target's own level at least as many. */
  private readonly counts: Float64Array;
  /** The level whose count is maximized; below zero, little use is what is wanted. */
  private focus = LITTLE_USE;
  private found: Float64Array | null = null;

  constructor(
    private readonly program: Program,
    private readonly goal: SearchGoal,
    private readonly budget: StepBudget,
  ) {
    this.box = wholeBox(program);
    this.counts = goal.counts.slice();
    this.grouping = groupClasses(program, this.box, goal.level);
    this.node = copyBox(this.box);
    this.frame = this.frameOfNode();
    this.relaxation = relax(this.frame, true);
    this.simplex = new Simplex(this.relaxation.lp, budget);
    this.splits = new Splits(this.relaxation, this.grouping.groups, this.node);
  }

  private frameOfNode(): Frame {
    const { program, node: box, counts } = this;
    const { level, most } = this.goal;
    return frameOf({ program, box, level, counts, most, groups: this.grouping.groups });
  }

  run(): SearchResult {
    const { level, point, gains } = this.goal;
    this.found = this.round(point, gains, THOROUGH);
    if (this.found !== null && !this.raise()) return { x: this.found, refutation: null };
    const tree = this.search();
    if (tree === null) return { x: this.found, refutation: null };
    const singles = this.splits.singleClasses.map((index) => [index]);
    const groups = [...this.grouping.members, ...singles];
    return { x: this.found, refutation: { target: this.counts[level]!, groups, tree } };
  }

  /** Whether the target is retained work or granted reservations, not how many start. */
  private get countsWork(): boolean {
    return this.program.stages[this.goal.level] !== 'placed';
  }

  private get isDone(): boolean {
    return this.counts[this.goal.level]! > this.goal.enough;
  }

  /** One more than was found becomes the target; false when that is not wanted, or cannot be asked here. */
  private raise(): boolean {
    const { goal, counts, found, relaxation } = this;
    const { level } = goal;
    const row = relaxation.levelRows[level]!;
    counts[level] = row < 0 ? Infinity : sumLevel(this.program, found!, level) + 1;
    if (this.isDone) return false;
    relaxation.lp.upper[relaxation.lp.columns + row] = (goal.most - counts[level]) / relaxation.unit;
    return true;
  }

  /** Branching for little use is quicker where few classes have many deployments, narrowing by counts where many have few: both get a turn. */
  private search(): ProofNode | null {
    if (this.countsWork) return this.exploreFor(this.goal.level);
    const areAllSingle = this.program.counts.every((count) => count === 1);
    const tree = areAllSingle ? null : this.budget.within(LITTLE_USE_SHARE, () => this.exploreFor(LITTLE_USE));
    if (this.isDone || tree !== null) return tree;
    return this.exploreFor(this.widestLevel());
  }

  private exploreFor(focus: number): ProofNode | null {
    this.focus = focus;
    if (focus === LITTLE_USE) this.minimizeUse();
    else this.maximize(focus);
    this.simplex.reprice();
    return this.explore(0);
  }

  /** Little use of what is scarce leaves room for rounding; the scatter keeps ties from stalling. */
  private minimizeUse(): void {
    const { lp, classes, levelRows } = this.relaxation;
    for (let column = 0; column < lp.columns; column++) {
      let use = 0;
      for (let row = 0; row < lp.dense; row++) {
        use += lp.coefficients[column * lp.dense + row]! / Math.max(1, lp.rightHand[row]!);
      }
      lp.cost[column] = -use * (1 + 0.2 * perturbation(classes[column]!));
    }
    const largest = lp.cost.reduce((most, cost) => Math.max(most, -cost), 1e-300);
    for (let column = 0; column < lp.columns; column++) lp.cost[column] = lp.cost[column]! / largest;
    for (const row of levelRows) if (row >= 0) lp.lower[lp.columns + row] = 0;
  }

  /** The level with most open classes, the highest of those. */
  private widestLevel(): number {
    const { start } = this.program;
    const open = Array.from({ length: this.goal.level + 1 }, (_, at) => start[at + 1]! - start[at]!);
    return open.indexOf(Math.max(...open));
  }

  /**
   * The objective is free to choose, and any single required count may be exceeded instead of met: how far it can be exceeded says
   * how little may be given away, and so narrows the classes (see `narrow`).
   */
  private maximize(focus: number): void {
    const { lp, classes, levelRows, unit } = this.relaxation;
    const { program } = this;
    const scatterBy = this.countsWork ? 0 : 1e-5;
    let most = 0;
    for (let column = 0; column < lp.columns; column++) {
      const index = classes[column]!;
      const each = program.level[index] === focus ? program.weight[index]! / unit : 0;
      lp.cost[column] = each + scatterBy * perturbation(index);
      most += each * program.counts[index]!;
    }
    for (const [level, row] of levelRows.entries()) {
      if (row < 0) continue;
      lp.lower[lp.columns + row] = level === focus ? Math.min(0, lp.rightHand[row]! - most) : 0;
    }
  }

  /** A proof that the node holds no point with the target; null when there is one that is enough, or nothing can be said. */
  private explore(depth: number): ProofNode | null {
    for (;;) {
      if (depth > DEEPEST || !this.budget.mayContinue()) return null;
      const outcome = this.simplex.solve();
      if (outcome === 'infeasible')
        return this.contradiction() ?? this.branchOn(this.splits.undecided(this.simplex), depth);
      if (outcome !== 'optimal') return null;
      const proof =
        this.focus === LITTLE_USE
          ? this.settle(depth, this.goal.gains)
          : this.narrowed((gains) => this.settle(depth, gains));
      if (proof !== 'raised') return proof;
    }
  }

  /** Rounds what the linear program says, and where that fails goes deeper. `raised`: the same node is asked for more. */
  private settle(depth: number, gains: Float64Array): Explored {
    this.budget.charge(this.program.classes * 6);
    const point = pointOf(this.program, this.box, this.relaxation, this.simplex);
    const found = this.round(point, gains, depth === 0 ? THOROUGH : QUICK);
    if (found === null) return this.branch(depth);
    this.found = found;
    return this.raise() ? 'raised' : null;
  }

  /** Reduced-cost fixing at a node: what the focus level's excess does not pay for is closed, and opened again afterwards. */
  private narrowed(inside: (gains: Float64Array) => Explored): Explored {
    const { program, node, relaxation, focus } = this;
    const frame = this.frameOfNode();
    const prices = toPrices(frame, relaxation, this.simplex.duals, relaxation.unit);
    prices.levels[focus] = prices.levels[focus]! - 1;
    const gains = new Float64Array(program.classes);
    this.chargeEvaluation();
    const bound = evaluate(frame, prices, 'none', gains);
    const proof = exportPrices(prices, this.goal.level + 1);
    if (this.countsWork && this.isBelowZero(frame, prices, bound)) return { multipliers: proof };
    const before = copyBox(node);
    tighten(frame, prices, bound, 0, gains);
    this.syncColumns();
    const then = inside(gains);
    node.lower.set(before.lower);
    node.upper.set(before.upper);
    this.syncColumns();
    return then === null || then === 'raised' ? then : { cut: proof, then };
  }

  private syncColumns(): void {
    const { lp, classes } = this.relaxation;
    classes.forEach((index, column) => {
      lp.lower[column] = this.node.lower[index]!;
      lp.upper[column] = this.node.upper[index]!;
    });
  }

  private round(point: Float64Array, gains: Float64Array, effort: RoundingEffort): Float64Array | null {
    const { program, node: box, counts, budget } = this;
    if (this.countsWork) return this.roundWork(point, gains, effort);
    return roundToCounts({ program, box, level: this.goal.level, counts, point, gains }, effort, budget);
  }

  /** What starts above is rounded to its counts; then stays what the program keeps whole, and of the rest whatever fits, dearest first. */
  private roundWork(point: Float64Array, gains: Float64Array, effort: RoundingEffort): Float64Array | null {
    const { program, node: box, counts, budget } = this;
    const { level } = this.goal;
    const x = roundToCounts({ program, box, level: level - 1, counts, point, gains }, effort, budget);
    if (x === null || !keepDearest({ program, box, level, point, gains }, x, budget)) return null;
    if (effort !== THOROUGH && sumLevel(program, x, level) < counts[level]!) return null;
    exchangeRetained({ program, box, level, point, gains }, x, budget);
    return sumLevel(program, x, level) >= counts[level]! ? x : null;
  }

  /** Checks the simplex method's claim with the multipliers that it gives: a tree is a proof only if every leaf is. */
  private contradiction(): ProofNode | null {
    const { program } = this;
    const frame = this.frameOfNode();
    const { duals } = this.simplex;
    const largest = duals.reduce((most, dual) => Math.max(most, Math.abs(dual)), 0);
    const prices = toPrices(frame, this.relaxation, duals, this.relaxation.unit / largest);
    this.chargeEvaluation();
    const bound = evaluate(frame, prices, 'none', new Float64Array(program.classes));
    if (!this.isBelowZero(frame, prices, bound)) return null;
    return { multipliers: exportPrices(prices, this.goal.level + 1) };
  }

  /**
   * What the simplex method cannot see: fixed classes take more than there is by next to nothing (one thousandth beside a thousand million),
   * or nothing is left that could make a count right.
   */
  private clash(): ProofNode | null {
    const { program, node, counts } = this;
    const prices = {
      capacity: new Float64Array(program.rows),
      levels: new Float64Array(program.priorities.length),
      groups: null,
    };
    const row = this.frameOfNode().rest.findIndex((left) => left < 0);
    const level = counts.findIndex((count, at) => at <= this.goal.level && sumLevel(program, node.upper, at) < count);
    if (row >= 0) prices.capacity[row] = 1;
    else if (level >= 0) prices.levels[level] = -1;
    else return null;
    return { multipliers: exportPrices(prices, this.goal.level + 1) };
  }

  private branch(depth: number): ProofNode | null {
    const fractional = this.splits.fractional(this.simplex, depth < DEEP ? PROBED : PROBED_DEEP);
    return this.branchOn(fractional.length > 0 ? fractional : this.splits.undecided(this.simplex), depth);
  }

  /** Explores both sides of the most telling split, the likelier one first. Without any all is fixed: then that must contradict something. */
  private branchOn(splits: readonly Split[], depth: number): ProofNode | null {
    const choice = this.chooseSplit(splits);
    if (choice === null) return (this.simplex.solve() === 'infeasible' ? this.contradiction() : null) ?? this.clash();
    const { split, aboveFirst } = choice;
    const { group, at, lower, upper } = split;
    const proofs: (ProofNode | null)[] = [null, null];
    for (const side of aboveFirst ? [1, 0] : [0, 1]) {
      if (side === 0) split.restrict(lower, at);
      else split.restrict(at + 1, upper);
      proofs[side] = this.explore(depth + 1);
      split.restrict(lower, upper);
      if (this.isDone) return null;
    }
    const [below, above] = proofs;
    return below && above ? { group, at, below, above } : null;
  }

  /** Strong branching: solves both sides of each candidate, and takes the one whose sides lose most (an empty side loses everything). */
  private chooseSplit(splits: readonly Split[]): { split: Split; aboveFirst: boolean } | null {
    const now = this.objective();
    let best: { split: Split; aboveFirst: boolean } | null = null;
    let most = -1;
    for (const split of splits) {
      const { lower, upper, at } = split;
      const loss = (from: number, to: number): number => {
        split.restrict(from, to);
        const outcome = this.simplex.solve(PROBE_PIVOTS);
        split.restrict(lower, upper);
        return outcome === 'infeasible' ? IMPOSSIBLE : Math.min(IMPOSSIBLE, Math.max(1e-6, now - this.objective()));
      };
      if (best !== null && !this.budget.mayContinue()) break;
      const below = loss(lower, at);
      const above = loss(at + 1, upper);
      if (below * above <= most) continue;
      most = below * above;
      best = { split, aboveFirst: above < below };
      if (most === IMPOSSIBLE * IMPOSSIBLE) break;
    }
    return best;
  }

  private chargeEvaluation(): void {
    const { program, relaxation, splits } = this;
    this.budget.charge(program.classes * (program.rows + 4) * 2 + (relaxation.lp.rows + splits.count) * 20);
  }

  /** Whether the multipliers contradict the frame; exact arithmetic decides where rounding errors leave that open. */
  private isBelowZero(frame: Frame, prices: Prices, bound: Estimate): boolean {
    if (bound.value - bound.error >= 0) return false;
    if (bound.value + bound.error < 0) return true;
    this.budget.charge(this.program.classes * EXACT_OPERATIONS);
    return evaluateExactly(frame, prices, 'none') < 0n;
  }

  /** What the linear program reached, in the units of its costs. */
  private objective(): number {
    const { lp } = this.relaxation;
    this.budget.charge(lp.columns * 2);
    let sum = 0;
    for (let column = 0; column < lp.columns; column++) {
      sum += lp.cost[column]! * this.simplex.value(column);
    }
    return sum;
  }
}
