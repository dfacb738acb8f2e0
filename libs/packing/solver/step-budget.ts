/** Elementary operations that make one step: about ten microseconds on a machine of 2024. */
const OPERATIONS_PER_STEP = 4_000;

/** How often the caller's `shouldStop` is asked, in steps. */
const STEPS_BETWEEN_QUESTIONS = 50;

/** Why a search ended early, if it did. */
export type Stop = 'none' | 'budget' | 'deadline';

/**
 * Counts work instead of reading a clock, so that a search of the same problem always ends at the same point.
 *
 * A part of the budget can be set aside: each level's search may spend only its slice, so that hard levels at the top leave work for those below.
 */
export class StepBudget {
  private operations = 0;
  private limit: number;
  private nextQuestion = STEPS_BETWEEN_QUESTIONS * OPERATIONS_PER_STEP;
  private isCancelled = false;
  private wasCut = false;

  constructor(
    private readonly budgetSteps: number,
    private readonly shouldStop: (() => boolean) | undefined,
  ) {
    this.limit = budgetSteps * OPERATIONS_PER_STEP;
  }

  get steps(): number {
    return Math.ceil(this.operations / OPERATIONS_PER_STEP);
  }

  get stopped(): Stop {
    if (this.isCancelled) return 'deadline';
    return this.wasCut ? 'budget' : 'none';
  }

  /** Counts work that is done in any case. */
  charge(operations: number): void {
    this.operations += operations;
    if (this.operations >= this.nextQuestion && this.shouldStop !== undefined) {
      this.nextQuestion = this.operations + STEPS_BETWEEN_QUESTIONS * OPERATIONS_PER_STEP;
      this.isCancelled ||= this.shouldStop();
    }
  }

  /** Whether optional work may go on. A `false` is remembered: the plan then says that it stopped early. */
  mayContinue(): boolean {
    if (!this.isCancelled && this.operations < this.limit) return true;
    this.wasCut = true;
    return false;
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

  /** Allows at most this part of what is left of the whole budget until the next call; 1 allows all of it. */
  allow(part: number): void {
    const whole = this.budgetSteps * OPERATIONS_PER_STEP;
    this.limit = this.operations + Math.max(0, whole - this.operations) * part;
  }
}
