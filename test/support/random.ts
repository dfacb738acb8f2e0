/** Dice that fall the same way again for the same seed. */
export class Random {
  private state: number;

  private constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /**
   * Dice for one test. The seed is printed, so that a failure can be repeated with STOWAGE_TEST_SEED set to it.
   *
   * @param test what the printed line names
   */
  static of(test: string): Random {
    const given = process.env['STOWAGE_TEST_SEED'];
    const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
    process.stderr.write(`${test}: STOWAGE_TEST_SEED=${seed}\n`);
    return new Random(seed);
  }

  /** From 0 (included) to 1 (excluded). */
  fraction(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** One of several. */
  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.integer(0, items.length - 1)] ?? items[0];
  }

  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.fraction() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}
