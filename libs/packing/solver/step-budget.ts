/** Elementary operations that make one step: about ten microseconds, as `npm run bench:packing -- --only steps` measures. */
const OPERATIONS_PER_STEP = 4_000;

/** Elementary operations that one comparison of a sort counts. */
const OPERATIONS_PER_COMPARISON = 6;

/** How often the caller's `shouldStop` is asked, in steps. */
const STEPS_BETWEEN_QUESTIONS = 5;

/** Steps beyond its part of the budget that what is done at each level in any case may still take: linear programs and rounding. */
const REQUIRED_STEPS = 3_000;

/** Why a search ended early, if it did. */
export type Stop = 'none' | 'budget' | 'deadline';

/** What ends the work besides the budget. */
export interface StopOptions {
  /** Asked every few steps; once true, the work ends. */
  readonly shouldStop?: (() => boolean) | undefined;
  /** Ends the work where `shouldStop` ended it when this number of steps was recorded. */
  readonly stopAtSteps?: number | undefined;
}

/**
 * Counts work instead of reading a clock, so that a search of the same problem always ends at the same point.
 *
 * A part of the budget can be set aside: each level's search may spend only its slice, so that hard levels at the top leave work for those below.
 *
 * `shouldStop` is asked at the first charge that completes a step, and nothing is counted once it was true: the number of steps up to then identifies
 * that charge, and `stopAtSteps` ends the same work there again.
 */
export class StepBudget {
  private operations = 0;
  /** Where the present program's part of the budget ends, and what is presently allowed of that. */
  private whole: number;
  private limit: number;
  private nextQuestion: number;
  private isCancelled = false;
  private wasCut = false;

  constructor(
    private readonly budgetSteps: number,
    private readonly stop: StopOptions = {},
  ) {
    this.whole = budgetSteps * OPERATIONS_PER_STEP;
    this.limit = this.whole;
    this.nextQuestion = this.questionAfter(0);
  }

  get steps(): number {
    const steps = this.operations / OPERATIONS_PER_STEP;
    return this.isCancelled ? Math.floor(steps) : Math.ceil(steps);
  }

  get stopped(): Stop {
    if (this.isCancelled) return 'deadline';
    return this.wasCut ? 'budget' : 'none';
  }

  /** Counts work, whether or not it is optional. */
  charge(operations: number): void {
    if (this.isCancelled) return;
    this.operations += operations;
    if (this.operations < this.nextQuestion) return;
    const { shouldStop, stopAtSteps = Infinity } = this.stop;
    const reached = Math.floor(this.operations / OPERATIONS_PER_STEP);
    this.isCancelled = reached >= stopAtSteps || shouldStop?.() === true;
    this.nextQuestion = this.questionAfter(reached);
  }

  /** Counts the sorting of a number of items. */
  chargeSort(items: number): void {
    this.charge(items * (2 + Math.log2(items + 1)) * OPERATIONS_PER_COMPARISON);
  }

  /** Whether optional work may go on. A `false` is remembered: the plan then says that it stopped early. */
  mayContinue(): boolean {
    return this.isBelow(this.limit);
  }

  /** Whether a linear program or rounding may go on: in one program they may exceed its part of the budget by a fixed number of steps. */
  mayBound(): boolean {
    return this.isBelow(this.whole + REQUIRED_STEPS * OPERATIONS_PER_STEP);
  }

  /** Begins a program that may spend this part of what is left of the budget. */
  begin(part: number): void {
    const total = this.budgetSteps * OPERATIONS_PER_STEP;
    this.whole = this.operations + Math.max(0, total - this.operations) * part;
    this.limit = this.whole;
  }

  /** Runs optional work under part of what is presently allowed; a cut of that part is no end of the whole. */
  within<Result>(part: number, work: () => Result): Result {
    const { limit, wasCut } = this;
    this.limit = this.operations + Math.max(0, limit - this.operations) * part;
    const result = work();
    this.limit = limit;
    this.wasCut = wasCut;
    return result;
  }

  /** Allows at most this part of what is left to the present program until the next call; 1 allows all of it. */
  allow(part: number): void {
    this.limit = this.operations + Math.max(0, this.whole - this.operations) * part;
  }

  private isBelow(limit: number): boolean {
    if (!this.isCancelled && this.operations < limit) return true;
    this.wasCut = true;
    return false;
  }

  private questionAfter(steps: number): number {
    const { shouldStop, stopAtSteps = Infinity } = this.stop;
    const next = shouldStop === undefined ? Infinity : steps + STEPS_BETWEEN_QUESTIONS;
    return Math.min(next, stopAtSteps) * OPERATIONS_PER_STEP;
  }
}
