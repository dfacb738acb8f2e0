// The planner of this project, called as passes call it: shapes with the oldest by name, and what earlier plans have set aside.
import { DEFAULT_POLICY, expectEndMs, plan } from '#packing';

import { Expectations } from './expectations.mjs';

/** The most deployments of a shape that a snapshot names. */
const NAMES = 64;

const amounts = ([cpuMillis, memoryMib, gpuMillis]) => ({ cpuMillis, memoryMib, gpuMillis });

export class Stowage {
  reservations = [];
  gatherAfterMs = null;
  expectations = new Expectations();
  /** When undeclared runs are expected to end, in milliseconds. */
  expectedEnds = new Map();
  shapes = new Map();
  count = 0;
  /** What was promised, and what became of it. */
  promises = { made: 0, late: 0, movedLater: 0 };
  promisedAt = new Map();
  plans = { count: 0, uncertified: 0, slowestMs: 0 };

  constructor(policy = {}, names = NAMES) {
    this.policy = { ...DEFAULT_POLICY, ...policy };
    this.names = names;
  }

  arrive(job) {
    const key = `${job.priority} ${job.request.join(' ')} ${job.declared}`;
    const shape = this.shapes.get(key) ?? {
      priority: job.priority,
      request: amounts(job.request),
      declared: job.declared,
      jobs: [],
    };
    shape.jobs.push(job);
    this.shapes.set(key, shape);
    this.count++;
  }

  ended(run) {
    this.expectedEnds.delete(run);
    this.expectations.ended(run);
  }

  decide(now, world) {
    while (this.count > 0 || this.reservations.length > 0) {
      const wake = this.pass(now, world);
      if (wake > now) return wake;
    }
    return Infinity;
  }

  /** The problem of the moment, with at most this number of names of each shape. */
  snapshotOf(now, world, names) {
    return {
      capacity: amounts(world.capacity),
      nowMs: now * 1000,
      policy: this.policy,
      isCordoned: false,
      running: Array.from(world.running, (run) => {
        const { job, start } = run;
        const expectedEndMs = this.expectedEnds.get(run);
        return {
          priority: job.priority,
          resources: amounts(job.request),
          count: 1,
          endsAtMs: job.declared === null ? null : (start + job.declared) * 1000,
          ...(expectedEndMs === undefined ? {} : { expectedEndMs }),
        };
      }),
      waiting: Array.from(this.shapes.values(), ({ priority, request, declared, jobs }) => {
        const [oldest, ...followers] = jobs.slice(0, names).map(headOf);
        const learned = declared === null ? this.expectations.learnedOf(jobs[0]) : {};
        return { priority, request, maxRuntimeSeconds: declared, ...learned, count: jobs.length, oldest, followers };
      }),
      reservations: this.reservations,
      gatherAfterMs: this.gatherAfterMs,
    };
  }

  /** What is noted when a job starts. */
  begun(_job, _now) {}

  pass(now, world) {
    const shapes = [...this.shapes.values()];
    this.expectEnds(now, world);
    const snapshot = this.snapshotOf(now, world, this.names);
    const beganMs = performance.now();
    const result = plan(snapshot);
    this.plans.slowestMs = Math.max(this.plans.slowestMs, performance.now() - beganMs);
    this.plans.count++;
    if (!result.certificate.optimal) this.plans.uncertified++;
    this.note(now, result);
    this.reservations = result.reservations;
    this.gatherAfterMs = result.gatherAfterMs;
    for (const { shape: index, count, includes } of result.place)
      this.start(shapes[index], count, includes, now, world);
    return result.wakeAtMs === null ? Infinity : Math.max(now, Math.ceil(result.wakeAtMs / 1000));
  }

  start(shape, count, includes, now, world) {
    const due = shape.jobs.filter(({ id }) => includes.includes(id));
    const others = shape.jobs.filter(({ id }) => !includes.includes(id)).slice(0, count - due.length);
    const started = new Set([...due, ...others]);
    shape.jobs = shape.jobs.filter((job) => !started.has(job));
    this.count -= started.size;
    for (const job of started) {
      const promised = this.promisedAt.get(job.id);
      if (promised !== undefined && now * 1000 > promised) this.promises.late++;
      world.start(job);
      this.begun(job, now);
    }
    if (shape.jobs.length > 0) return;
    for (const [key, other] of this.shapes) if (other === shape) this.shapes.delete(key);
  }

  /** Ends are expected anew, as long as no gathering counts on them. */
  expectEnds(now, world) {
    const isGathering = this.reservations.some(({ state }) => state === 'gathering');
    for (const run of world.running) {
      if (run.job.declared !== null || (isGathering && this.expectedEnds.has(run))) continue;
      this.expectedEnds.set(run, expectEndMs(run.start * 1000, now * 1000, this.expectations.secondsOf(run.job)));
    }
  }

  note(now, { reservationEvents }) {
    for (const { id, kind, promisedAtMs } of reservationEvents) {
      if (kind === 'promised') this.promises.made++;
      if (kind === 'moved-later') this.promises.movedLater++;
      if (promisedAtMs !== null && kind !== 'started') this.promisedAt.set(id, promisedAtMs);
      if (kind === 'withdrawn' || kind === 'gathering') this.promisedAt.delete(id);
    }
  }
}

function headOf({ id, submit }) {
  return { id, queuedAtMs: submit * 1000 };
}
