// A cluster over time: jobs arrive and end, and after each such moment a rule says which of those that wait start.

/** A heap of jobs that run, by their end. */
class Ends {
  items = [];

  push(run) {
    const { items } = this;
    let at = items.push(run) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent].end <= items[at].end) break;
      [items[parent], items[at]] = [items[at], items[parent]];
      at = parent;
    }
  }

  pop() {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    if (items.length > 0) {
      items[0] = last;
      for (let at = 0; ;) {
        const left = 2 * at + 1;
        if (left >= items.length) break;
        const child = left + 1 < items.length && items[left + 1].end < items[left].end ? left + 1 : left;
        if (items[at].end <= items[child].end) break;
        [items[at], items[child]] = [items[child], items[at]];
        at = child;
      }
    }
    return first;
  }
}

/**
 * Plays a log.
 *
 * @param rule `arrive(job)`, `ended(run)`, and `decide(now, world)`, which calls `world.start(job)` and answers when it wants to be asked
 *   again although nothing happens, or `Infinity`
 * @param isOver ends the play early, given when each job started
 * @returns the wait of each job in seconds, in the order of `jobs`, and when the last one ended
 */
export function play(capacity, jobs, rule, isOver = () => false) {
  const free = [...capacity];
  const ends = new Ends();
  const running = new Set();
  const starts = new Map();
  let now = 0;
  let next = 0;
  let wake = Infinity;
  const world = {
    capacity,
    free,
    running,
    fits: (request) => request.every((amount, row) => amount <= free[row]),
    start(job) {
      job.request.forEach((amount, row) => (free[row] -= amount));
      if (free.some((amount) => amount < 0)) throw new Error(`${job.id} does not fit`);
      const run = { job, start: now, end: now + job.run };
      starts.set(job.id, now);
      running.add(run);
      ends.push(run);
    },
  };
  while (next < jobs.length || ends.items.length > 0 || wake < Infinity) {
    const arrival = next < jobs.length ? jobs[next].submit : Infinity;
    now = Math.min(arrival, ends.items[0]?.end ?? Infinity, wake);
    if (now === Infinity || isOver(starts)) break;
    while (ends.items.length > 0 && ends.items[0].end <= now) {
      const run = ends.pop();
      running.delete(run);
      run.job.request.forEach((amount, row) => (free[row] += amount));
      rule.ended?.(run);
    }
    while (next < jobs.length && jobs[next].submit <= now) rule.arrive(jobs[next++]);
    wake = Infinity;
    const asked = rule.decide(now, world);
    if (asked > now) wake = asked;
  }
  const missing = jobs.filter(({ id }) => !starts.has(id));
  return {
    waits: jobs.map(({ id, submit }) => (starts.get(id) ?? Infinity) - submit),
    lastEnd: now,
    missing: missing.length,
  };
}
