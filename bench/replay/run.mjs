// How long deployments wait over weeks: logs of real clusters played through the planner of this project and through the rules of others. Uses the
// logs in STOWAGE_TRACES and files in the Standard Workload Format that are named; without any, a generated log. Deterministic. Needs a built project.
//
//   npm run bench:replay -- --log CERIT --plots docs/plots
//   npm run bench:replay -- --mix knavigator
//   npm run bench:replay -- --starvation
//   npm run bench:replay -- [--log CERIT] [--factor 1.6] [--rule easy,stowage] [--swf FILE --factor 1] [--policy '{"reserveAfterSeconds":0}']
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { tableOf } from './mixes.mjs';
import { compressed, logsIn, offeredLoad, standardWorkload } from './logs.mjs';
import { plotWaits } from './plot.mjs';
import { Conservative, Easy, FirstCome, FirstFit, QuasiShortestServiceFirst } from './rules.mjs';
import { starvationTable } from './starvation.mjs';
import { Stowage } from './stowage.mjs';
import { play } from './world.mjs';

const { values } = parseArgs({
  options: {
    log: { type: 'string' },
    factor: { type: 'string', multiple: true },
    rule: { type: 'string' },
    swf: { type: 'string' },
    mix: { type: 'string' },
    starvation: { type: 'boolean', default: false },
    plots: { type: 'string' },
    policy: { type: 'string', default: '{}' },
    names: { type: 'string' },
  },
});
const policy = JSON.parse(values.policy);
const names = values.names === undefined ? undefined : Number(values.names);

if (values.mix !== undefined) {
  process.stdout.write(`${tableOf(values.mix)}\n`);
  process.exit();
}

if (values.starvation) {
  process.stdout.write(`${starvationTable()}\n`);
  process.exit();
}

const RULES = {
  fcfs: { title: 'first come, first served', make: () => new FirstCome() },
  'first-fit': { title: 'first fit by age', make: () => new FirstFit() },
  easy: { title: 'EASY, declared runtimes', make: () => new Easy() },
  perfect: { title: 'EASY, true runtimes', make: () => new Easy({ runtimeOf: ({ run }) => run }) },
  conservative: { title: 'conservative, 100 reservations', make: () => new Conservative() },
  sjf: { title: 'shortest declared first', make: () => new FirstFit(({ declared, run }) => declared ?? run) },
  qssf: { title: 'quasi-shortest service first', make: () => new QuasiShortestServiceFirst() },
  age: {
    title: 'Stowage, reservations by age',
    make: () => new Stowage({ ...policy, reservationOrder: 'age' }, names),
  },
  utilization: {
    title: 'Stowage, utilization first',
    make: () => new Stowage({ ...policy, objective: 'utilization' }, names),
  },
  stowage: { title: '**Stowage**', make: () => new Stowage(policy, names) },
};

const seconds = (value) => Math.round(value).toLocaleString('en');

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const mean = (values_) => values_.reduce((all, one) => all + one, 0) / Math.max(1, values_.length);

/** The jobs with the largest dominant share: one of a hundred. */
function largest(jobs, capacity) {
  const share = ({ request }) =>
    Math.max(...request.map((amount, row) => (capacity[row] > 0 ? amount / capacity[row] : 0)));
  const order = jobs.map((job, index) => ({ index, share: share(job) })).sort((a, b) => b.share - a.share);
  return order.slice(0, Math.max(1, Math.floor(jobs.length / 100))).map(({ index }) => index);
}

function figures(log, jobs, { waits }) {
  const sorted = waits.toSorted((a, b) => a - b);
  const slowdowns = waits.map((wait, index) => Math.max(1, (wait + jobs[index].run) / Math.max(10, jobs[index].run)));
  const large = largest(jobs, log.capacity).map((index) => waits[index]);
  return [
    mean(waits),
    quantile(sorted, 0.5),
    quantile(sorted, 0.95),
    quantile(sorted, 0.99),
    sorted.at(-1),
    mean(slowdowns),
    mean(large),
  ];
}

const chosen = values.rule?.split(',') ?? Object.keys(RULES);
const logs = values.swf === undefined ? logsIn(process.env.STOWAGE_TRACES) : [standardWorkload(values.swf)];
const wanted = logs.filter(({ name }) => values.log === undefined || name === values.log);
if (wanted.length === 0)
  throw new Error(`there is no log ${values.log}; there are ${logs.map(({ name }) => name).join(', ')}`);

process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`);
for (const log of wanted) {
  const lines = chosen.map((name) => ({ title: RULES[name].title.replaceAll('*', ''), mean: [], p95: [] }));
  for (const factor of values.factor?.map(Number) ?? log.factors) {
    const jobs = compressed(log, factor);
    const offered = offeredLoad(log, jobs);
    const load = offered.toFixed(2);
    process.stdout.write(`\n### ${log.name}, arrivals ${factor} times as fast: load ${load}, ${jobs.length} jobs\n\n`);
    process.stdout.write('| waits in seconds | mean | median | p95 | p99 | longest | slowdown | largest 1%, mean |\n');
    process.stdout.write(`| --- |${' ---: |'.repeat(7)}\n`);
    for (const [index, name] of chosen.entries()) {
      const { title, make } = RULES[name];
      const rule = make();
      const beganMs = performance.now();
      const result = play(log.capacity, jobs, rule);
      const row = figures(log, jobs, result);
      lines[index].mean.push([offered, row[0]]);
      lines[index].p95.push([offered, row[2]]);
      process.stdout.write(`| ${title} | ${row.map(seconds).join(' | ')} |\n`);
      const took = `${((performance.now() - beganMs) / 1000).toFixed(1)} s`;
      if (result.missing > 0) process.stdout.write(`\n${result.missing} jobs never started\n\n`);
      if (rule instanceof Stowage) {
        const { made, late, movedLater } = rule.promises;
        const { count, uncertified, slowestMs } = rule.plans;
        process.stderr.write(
          `${title}: ${took}; ${made} promises, ${late} late, ${movedLater} moved later; ${count} plans, ${uncertified} without a proof, slowest ${slowestMs.toFixed(0)} ms\n`,
        );
      } else process.stderr.write(`${title}: ${took}\n`);
    }
  }
  if (values.plots !== undefined) {
    for (const [figure, words] of [
      ['mean', 'mean wait'],
      ['p95', '95th percentile of waits'],
    ]) {
      const points = lines.map((line) => ({ title: line.title, points: line[figure] }));
      const file = join(values.plots, `replay-${log.name.toLowerCase()}-${figure}.svg`);
      writeFileSync(file, plotWaits(`${log.name}: ${words} by load`, points));
    }
  }
}
