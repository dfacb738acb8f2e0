/** The shortest time between two reads, however many hints come. */
const MIN_INTERVAL_MS = 250;

/** A value that is read at first, again when it has reached an age, and soon after a hint that it may have changed. */
export class Recheck<T> {
  private known: { readonly value: T; readonly atMs: number } | undefined;
  private hintedMs = -Infinity;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly everyMs: number,
  ) {}

  /** When the value is read next. */
  get dueMs(): number {
    if (this.known === undefined) return -Infinity;
    const { atMs } = this.known;
    return this.hintedMs >= atMs ? Math.min(atMs + MIN_INTERVAL_MS, atMs + this.everyMs) : atMs + this.everyMs;
  }

  /** Notes that the value may have changed. */
  hint(): void {
    this.hintedMs = performance.now();
  }

  async result(): Promise<T> {
    if (this.known === undefined || performance.now() >= this.dueMs) {
      // The age counts from the start of the read: a change during the read may not be in the value.
      const atMs = performance.now();
      this.known = { value: await this.ask(), atMs };
    }
    return this.known.value;
  }
}
