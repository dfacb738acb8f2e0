/** A fixed sequence of pseudo-random numbers: the same problem always takes the same turns. (xorshift, 32 bits) */
export class FixedRandom {
  private state: number;

  constructor(seed: number) {
    this.state = (seed * 2_654_435_761 + 1_013_904_223) | 0 || 1;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

/** A number in 0..1 that belongs to an index; neighbours get unrelated ones. */
export function perturbation(index: number): number {
  let mixed = Math.imul(index + 1, 2_654_435_761);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 2_246_822_519);
  mixed ^= mixed >>> 13;
  return (mixed >>> 0) / 4_294_967_296;
}
