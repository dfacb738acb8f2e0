/** Measures the stages of a pass, in milliseconds with two decimals. For records only: no decision depends on it. */
export class Stopwatch {
  private lastMs = performance.now();

  /** The time since the last lap, or since the watch was made. */
  lap(): number {
    const nowMs = performance.now();
    const lapMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    return Math.round(lapMs * 100) / 100;
  }
}
