// What runs of a log have taken, by request, and over all where that says too little. Learns as the service does.
import { expectSeconds } from '#packing';

/** The newest runs of each kind count, as in the service. */
const NEWEST = 100;

/** Fewer say nothing about a kind by themselves. */
const FEWEST = 10;

class Lengths {
  newest = [];
  sorted = [];

  add(seconds) {
    this.newest.push(seconds);
    this.sorted.splice(this.position(seconds), 0, seconds);
    if (this.newest.length > NEWEST) this.sorted.splice(this.position(this.newest.shift()), 1);
  }

  position(seconds) {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle] < seconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const kindsOf = ({ request }) => [request.join(' '), 'all'];

/** Learns from runs without a declared runtime. */
export class Expectations {
  kinds = new Map();

  ended({ job, start, end }) {
    if (job.declared !== null) return;
    for (const kind of kindsOf(job)) {
      const known = this.kinds.get(kind) ?? new Lengths();
      this.kinds.set(kind, known);
      known.add(end - start);
    }
  }

  /** What runs like this one have taken, in seconds, the shortest first; empty where too few are known. */
  secondsOf(job) {
    const known = kindsOf(job).map((kind) => this.kinds.get(kind)?.sorted ?? []);
    return known.find(({ length }) => length >= FEWEST) ?? [];
  }

  /** What a snapshot says of a shape. */
  learnedOf(job) {
    const known = this.secondsOf(job);
    const expected = expectSeconds(known);
    if (expected === null) return {};
    return { typicalRuntimeSeconds: known[known.length >> 1], expectedRuntimeSeconds: expected };
  }
}
