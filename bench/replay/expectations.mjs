// What runs of a log without a declared runtime have taken. Learns as the service does.
import { kindsOf, knownSeconds, learnedOf, withRuns } from '#runtimes';

export class Expectations {
  runs = new Map();
  known = new Map();

  ended({ job, start, end }) {
    if (job.declared !== null) return;
    for (const kind of kindsOf(runOf(job))) this.runs.set(kind, withRuns(this.runs.get(kind) ?? [], [end - start]));
    this.known.clear();
  }

  /** What runs like this one have taken, in seconds, the shortest first; empty where too few are known. */
  secondsOf(job) {
    const key = job.request.join(' ');
    const known = this.known.get(key) ?? knownSeconds(runOf(job), (kind) => this.runs.get(kind));
    this.known.set(key, known);
    return known;
  }

  /** What a snapshot says of a shape. */
  learnedOf(job) {
    return learnedOf(this.secondsOf(job));
  }
}

function runOf({ user, request: [cpuMillis, memoryMib, gpuMillis] }) {
  return { memberId: user, image: '', cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds: null };
}
