/** After how long without any movement a person is told, and after how long the demo gives up. In milliseconds. */
const TELL_AFTER_MS = 5_000;
const GIVE_UP_AFTER_MS = 120_000;

/** What a look at the run says about its movement. */
export type Movement = 'moves' | 'tell' | 'stands' | 'give-up';

/** Notices when nothing moves any more: most likely no worker is running. */
export class StandstillWatch {
  private last = '';
  private movedAtMs: number | undefined;
  private isTold = false;

  /**
   * @param state a text that changes whenever anything moves
   * @param isExcused whether nothing need move now: deployments run, or the service is known to be away
   * @returns `tell` once in each standstill
   */
  look(nowMs: number, state: string, isExcused: boolean): Movement {
    if (isExcused || state !== this.last || this.movedAtMs === undefined) {
      this.last = state;
      this.movedAtMs = nowMs;
      this.isTold = false;
      return 'moves';
    }
    const standing = nowMs - this.movedAtMs;
    if (standing >= GIVE_UP_AFTER_MS) return 'give-up';
    if (standing < TELL_AFTER_MS || this.isTold) return standing < TELL_AFTER_MS ? 'moves' : 'stands';
    this.isTold = true;
    return 'tell';
  }
}
