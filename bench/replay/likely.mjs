// How right forecast starts are: the likely start (the middle of drawn futures, with the range of past errors) beside the start that declared
// runtimes lead to, asked when a job of a log is submitted and has to wait. The functions are those of the service. Deterministic.
//
//   npm run bench:replay:likely -- [--log CERIT] [--factor 1] [--every 20] [--futures 10] [--swf FILE]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { errorOf, forecast, likelyRange, likelyWaits, MAX_ERRORS } from '#packing';
import { kindsOf, mostAlike, remembered, secondsOf, withRuns } from '#runtimes';

import { compressed, logsIn, offeredLoad, standardWorkload } from './logs.mjs';
import { Stowage } from './stowage.mjs';
import { play } from './world.mjs';

const { values } = parseArgs({
  options: {
    log: { type: 'string' },
    factor: { type: 'string', multiple: true },
    every: { type: 'string', default: '20' },
    futures: { type: 'string', default: '10' },
    order: { type: 'string', default: 'relative-wait' },
    swf: { type: 'string' },
  },
});

const runOf = ({ user, request: [cpuMillis, memoryMib, gpuMillis], declared }) => ({
  ...{ memberId: user, image: '', cpuMillis, memoryMib, gpuMillis },
  maxRuntimeSeconds: declared,
});

/** The planner of this project, asked for forecasts of some of the jobs that have to wait. */
class Forecasting extends Stowage {
  learned = new Map();
  asked = new Map();
  results = [];
  errors = [];
  arrived = [];
  waited = 0;
  computedMs = [];

  constructor(policy, every, futures) {
    super(policy);
    this.every = every;
    this.futures = futures;
  }

  arrive(job) {
    super.arrive(job);
    this.arrived.push(job);
  }

  ended({ job }) {
    for (const kind of kindsOf(runOf(job))) {
      const run = remembered(job.run, job.declared);
      this.learned.set(kind, withRuns(this.learned.get(kind) ?? [], [run]));
    }
  }

  decide(now, world) {
    const wake = super.decide(now, world);
    for (const job of this.arrived) {
      const isWaiting = [...this.shapes.values()].some(({ jobs }) => jobs.includes(job));
      if (isWaiting && this.waited++ % this.every === 0) this.ask(job, now, world);
    }
    this.arrived = [];
    return wake;
  }

  ask(job, now, world) {
    const snapshot = this.snapshotOf(now, world, 2_000);
    const position = this.positionOf(job, snapshot);
    const [declared] = forecast(snapshot, [position]).etas;
    const beganMs = performance.now();
    const [likelyMs] = likelyWaits(snapshot, [position], this.known(world), { futures: this.futures });
    this.computedMs.push(performance.now() - beganMs);
    const range = likelyMs === null ? null : likelyRange(likelyMs, this.errors);
    this.asked.set(job.id, {
      now,
      declaredMs: declared.atMs === null ? null : declared.atMs - now * 1000,
      likelyMs,
      range,
    });
  }

  positionOf(job, { waiting }) {
    const shape = waiting.findIndex(({ oldest, followers }) => [oldest, ...followers].some(({ id }) => id === job.id));
    const { oldest, followers } = waiting[shape];
    const older = [oldest, ...followers].findIndex(({ id }) => id === job.id);
    return { id: job.id, queuedAtMs: job.submit * 1000, shape, older };
  }

  /** What was learned of all that runs and waits. */
  known(world) {
    const histories = [];
    const places = new Map();
    const historyOf = (job) => {
      const run = runOf(job);
      const [key] = kindsOf(run);
      if (!places.has(key)) {
        const runs = mostAlike(run, (kind) => this.learned.get(kind));
        places.set(key, histories.push(runs.map((one) => secondsOf(one, job.declared))) - 1);
      }
      return places.get(key);
    };
    const running = Array.from(world.running, ({ job, start }) => [{ sinceMs: start * 1000, history: historyOf(job) }]);
    const waiting = new Map();
    for (const { jobs } of this.shapes.values()) for (const job of jobs) waiting.set(job.id, historyOf(job));
    return { histories, running, waiting };
  }

  begun(job, now) {
    const asked = this.asked.get(job.id);
    if (asked === undefined) return;
    this.asked.delete(job.id);
    const realMs = (now - asked.now) * 1000;
    if (asked.likelyMs !== null) this.errors = [errorOf(asked.likelyMs, realMs), ...this.errors].slice(0, MAX_ERRORS);
    this.results.push({ ...asked, realMs });
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
const share = (all, holds) => all.filter(holds).length / Math.max(1, all.length);
const percent = (value) => `${Math.round(value * 100)}%`;
const seconds = (ms) => Math.round(ms / 1000).toLocaleString('en');
const isNear = (ms, realMs) => ms !== null && Math.abs(ms - realMs) <= Math.max(60_000, realMs / 10);

function row({ results, computedMs }, log, factor, load) {
  const both = results.filter(({ likelyMs, declaredMs }) => likelyMs !== null && declaredMs !== null);
  const likely = results.filter(({ likelyMs }) => likelyMs !== null);
  const errorBy = (name) => median(both.map((one) => Math.abs(one[name] - one.realMs)));
  const near = (name) => share(results, (one) => isNear(one[name], one.realMs));
  const held = share(likely, ({ range, realMs }) => realMs >= range.p10 && realMs <= range.p90);
  return [
    `${log.name} ${factor} (${load})`,
    results.length,
    both.length === 0 ? '-' : seconds(errorBy('declaredMs')),
    seconds(median(likely.map(({ likelyMs, realMs }) => Math.abs(likelyMs - realMs)))),
    errorBy('declaredMs') > 0 ? (errorBy('likelyMs') / errorBy('declaredMs')).toFixed(2) : '-',
    percent(near('declaredMs')),
    percent(near('likelyMs')),
    near('declaredMs') === 0 ? '-' : (near('likelyMs') / near('declaredMs')).toFixed(1),
    percent(held),
    `${Math.round(median(computedMs))} ms`,
  ];
}

const HEAD = [
  'log, arrivals (load)',
  'asked',
  'latest: median error, s',
  'likely: median error, s',
  'ratio',
  'latest: near',
  'likely: near',
  'times',
  'P10 to P90 holds',
  'computing',
];

const logs = values.swf === undefined ? logsIn(process.env.STOWAGE_TRACES) : [standardWorkload(values.swf)];
process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n\n`);
process.stdout.write(`| ${HEAD.join(' | ')} |\n|${' --- |'.repeat(HEAD.length)}\n`);
for (const log of logs.filter(({ name }) => values.log === undefined || name === values.log)) {
  for (const factor of values.factor?.map(Number) ?? log.factors) {
    const jobs = compressed(log, factor);
    const rule = new Forecasting({ reservationOrder: values.order }, Number(values.every), Number(values.futures));
    play(log.capacity, jobs, rule);
    process.stdout.write(`| ${row(rule, log, factor, offeredLoad(log, jobs).toFixed(2)).join(' | ')} |\n`);
  }
}
