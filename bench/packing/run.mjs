// Measures packing against an exact solver and against simpler rules. Prints a markdown section; writes its plots into docs/.
//
//   node bench/packing/run.mjs [--quick] [--only highs|queues|preemption|steps|rules|growth] [--dist <folder>]      after a build
//
// Real lists are used where STOWAGE_TRACES names a folder that holds them; otherwise generated ones, and the output says so.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { hardest } from './hardest.mjs';
import { exponent, median, plot, quantile } from './plot.mjs';
import { solveCounts, solveUtilization } from './reference.mjs';
import { byRule, RULES } from './rules.mjs';
import {
  allDistinct,
  busyCluster,
  generatePods,
  groupIntoShapes,
  longQueue,
  problemOf,
  readPods,
  traceProblems,
  withPriorities,
} from './workloads.mjs';

const root = resolve(import.meta.dirname, '../..');
const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const isQuick = process.argv.includes('--quick');
const dist = process.argv.includes('--dist') ? option('--dist') : join(root, 'dist');
const { DEFAULT_POLICY, plan, PLANNING_LIMITS, verify } = await import(
  pathToFileURL(join(dist, 'libs/packing/index.js')).href
);

const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: null };
const folder = process.env.STOWAGE_TRACES;
const seeds = isQuick ? 10 : 60;
const say = (text = '') => process.stdout.write(`${text}\n`);
const ms = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

/** One warm plan with its proof: the median of three runs after one that is not counted. */
function time(problem) {
  plan(problem, { withProof: true });
  const runs = Array.from({ length: 3 }, () => {
    const start = performance.now();
    const result = plan(problem, { withProof: true });
    return { result, took: performance.now() - start };
  });
  return { result: runs[0].result, took: median(runs.map((run) => run.took)) };
}

const counts = (result) => result.certificate.levels.map((level) => level.placed).join();

async function compareWithHighs(problems) {
  const rows = [];
  for (const { name, problem } of problems) {
    const { result, took } = time(problem);
    const reference = await solveCounts(problem, 60);
    const isSame = counts(result) === reference.levels.map(([, placed]) => placed).join();
    const best = reference.isProven
      ? await solveUtilization(problem, reference.levels, isQuick ? 1 : 10)
      : { value: null };
    const { value } = result.certificate.utilization;
    rows.push({
      name,
      took,
      highs: reference.ms,
      isProven: reference.isProven,
      isSame,
      isOptimal: result.certificate.optimal,
      isAccepted: verify(problem, result).isAccepted,
      loss: best.value === null ? 0 : Math.max(0, (best.value - value) / best.value),
    });
  }
  const ratios = rows.map((row) => row.highs / row.took);
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  const count = (test) => `${rows.filter(test).length} of ${rows.length}`;
  say('### Against HiGHS, on the same problems\n');
  say(
    'Ours: one plan with its proof, warm, median of three. HiGHS: solving alone (its MIP solver, one program per level, WebAssembly), without reading shapes or writing a proof.\n',
  );
  say('| | |\n| --- | --- |');
  say(`| HiGHS proves its optimum within 60 s | ${count((row) => row.isProven)} |`);
  say(
    `| counts equal to it there | ${rows.filter((row) => row.isProven && row.isSame).length} of ${rows.filter((row) => row.isProven).length} |`,
  );
  say(`| certified optimal | ${count((row) => row.isOptimal)} |`);
  say(`| proof accepted by the verifier | ${count((row) => row.isAccepted)} |`);
  say(
    `| utilization below the best of HiGHS in ${isQuick ? 1 : 10} s, worst | ${(100 * Math.max(...rows.map((row) => row.loss))).toFixed(4)}% |`,
  );
  say(
    `| ours, ms: median / worst / total | ${ms(median(rows.map((row) => row.took)))} / ${ms(Math.max(...rows.map((row) => row.took)))} / ${ms(total('took'))} |`,
  );
  say(
    `| HiGHS, ms: median / worst / total | ${ms(median(rows.map((row) => row.highs)))} / ${ms(Math.max(...rows.map((row) => row.highs)))} / ${ms(total('highs'))} |`,
  );
  say(
    `| times faster: median / in total / worst | ${median(ratios).toFixed(1)} / ${(total('highs') / total('took')).toFixed(1)} / ${Math.min(...ratios).toFixed(1)} |\n`,
  );
}

function measureSet(name, make) {
  const runs = Array.from({ length: seeds }, (_, index) => time(make(index + 1)));
  const took = runs.map((run) => run.took);
  const open = runs.map(({ result }) =>
    Math.max(0, ...result.certificate.levels.map((level) => level.upperBound - level.placed)),
  );
  say(
    `| ${name} | ${ms(median(took))} | ${ms(quantile(took, 0.95))} | ${ms(Math.max(...took))} | ${open.filter((gap) => gap === 0).length} of ${seeds} | ${Math.max(...open)} |`,
  );
}

function measureQueues() {
  say(`### Long queues (${seeds} seeds each; warm, from shapes, with proof)\n`);
  say(
    '| | median ms | 95th percentile | worst | certified | largest gap of a level |\n| --- | --- | --- | --- | --- | --- |',
  );
  measureSet('100,000 waiting, 500 shapes', (seed) => longQueue(seed, 100_000, 500, policy));
  measureSet('100,000 waiting, 5,000 shapes', (seed) => longQueue(seed, 100_000, 5_000, policy));
  for (const levels of [1, 5, 40]) {
    measureSet(`10,000 waiting, all distinct, ${levels} level${levels > 1 ? 's' : ''}`, (seed) =>
      allDistinct(seed, 10_000, levels, policy),
    );
  }
  const deployments = withPriorities(generatePods(1, 100_000, 500), 5);
  const grouping = Array.from({ length: 7 }, () => {
    const start = performance.now();
    groupIntoShapes(deployments);
    return performance.now() - start;
  });
  say(`\nGrouping 100,000 deployments into shapes, where the caller has no shapes: ${ms(median(grouping))} ms.\n`);
}

function measurePreemption() {
  say(
    `### Preemption (${seeds} seeds each; every run of another age and preemptible, as many waiting in 500 shapes)\n`,
  );
  say(
    '| running | median ms | 95th percentile | worst | certified | given up, median |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const runs of [2_000, 10_000]) {
    const plans = Array.from({ length: seeds }, (_, index) => time(busyCluster(index + 1, runs, 500, policy)));
    const took = plans.map((entry) => entry.took);
    const certified = plans.filter(({ result }) => result.certificate.optimal).length;
    say(
      `| ${runs.toLocaleString('en')} | ${ms(median(took))} | ${ms(quantile(took, 0.95))} | ${ms(Math.max(...took))} | ${certified} of ${seeds} | ${median(plans.map(({ result }) => result.preempt.length))} |`,
    );
  }
  say();
}

/** What a step takes, and how long a plan with the highest limit of steps. In processor time, so that other work on the machine counts less. */
function measureSteps() {
  const searchSteps = PLANNING_LIMITS.searchSteps.max;
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const seedsOf = isQuick ? 2 : 10;
  const cases = hardest({ ...DEFAULT_POLICY, searchSteps });
  for (const { make } of cases) for (const problem of make(1_000)) plan(problem);
  say(
    `### Steps (the hardest problems, warm, at the limit of ${searchSteps.toLocaleString('en')} steps; ${6 * seedsOf} plans each)\n`,
  );
  say(
    '| | plan, ms: median / worst | a step, µs: median / worst | longest time between two questions, ms | certified |\n| --- | --- | --- | --- | --- |',
  );
  for (const { name, make } of cases) {
    const problems = Array.from({ length: seedsOf }, (_, seed) => make(seed + 1)).flat();
    const runs = problems.map((problem) => {
      const start = cpuMs();
      let [last, silence] = [start, 0];
      const shouldStop = () => {
        const now = cpuMs();
        silence = Math.max(silence, now - last);
        last = now;
        return false;
      };
      const { steps, optimal } = plan(problem, { shouldStop }).certificate;
      const took = cpuMs() - start;
      return { took, optimal, silence, step: (1_000 * took) / steps };
    });
    const of = (key) => runs.map((run) => run[key]);
    say(
      `| ${name} | ${ms(median(of('took')))} / ${ms(Math.max(...of('took')))} | ${ms(median(of('step')))} / ${ms(Math.max(...of('step')))} | ${ms(Math.max(...of('silence')))} | ${of('optimal').filter(Boolean).length} of ${runs.length} |`,
    );
  }
  say();
}

function compareWithRules() {
  say('### What simpler rules reach\n');
  say('Share of the optimum at the first level that does not fit whole.\n');
  say('| rule | median | mean | worst | deployments lost there, in all |\n| --- | --- | --- | --- | --- |');
  const cases = [];
  for (const [number, list] of ['default', 'cpu200', 'gpushare40', 'multigpu20'].entries()) {
    const pods = (folder ? readPods(folder, list) : null) ?? generatePods(number + 1, 8000, 150);
    for (const levels of ['qos', 5, 50]) {
      if (levels === 'qos' && pods.some((pod) => pod.qos === undefined)) continue;
      const prioritized = withPriorities(pods, levels);
      const shapes = groupIntoShapes(prioritized);
      for (const part of [0.25, 0.5, 0.75, 0.8, 0.9]) {
        const problem = problemOf(shapes, part, policy);
        const best = plan(problem).certificate.levels;
        const waiting = best.map(({ priority }) => prioritized.filter((pod) => pod.priority === priority).length);
        const level = best.findIndex(({ placed }, index) => placed < waiting[index]);
        if (level >= 0) cases.push({ prioritized, problem, level, optimum: best[level].placed });
      }
    }
  }
  for (const [name, compare] of Object.entries(RULES)) {
    const reached = cases.map(({ prioritized, problem, level, optimum }) => {
      const deployments = prioritized.map((pod, index) => ({ ...pod, index, oldest: { queuedAtMs: index } }));
      return { placed: byRule(deployments, problem.capacity, compare)[level], optimum };
    });
    const parts = reached.map(({ placed, optimum }) => (optimum === 0 ? 1 : placed / optimum));
    const lost = reached.reduce((sum, { placed, optimum }) => sum + optimum - placed, 0);
    const percent = (value) => `${(100 * value).toFixed(1)}%`;
    const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length;
    say(
      `| ${name} | ${percent(median(parts))} | ${percent(mean)} | ${percent(Math.min(...parts))} | ${lost.toLocaleString('en')} |`,
    );
  }
  say('| ours | 100.0% | 100.0% | 100.0% | 0 |\n');
}

function plotGrowth() {
  const runs = isQuick ? 3 : 15;
  const series = (xs, make) =>
    xs.map((x) => ({ x, ys: Array.from({ length: runs }, (_, seed) => time(make(x, seed + 1)).took) }));
  const plots = [
    [
      'waiting',
      'waiting, in 500 shapes',
      series([1_000, 10_000, 100_000, 1_000_000], (x, seed) => longQueue(seed, x, 500, policy)),
    ],
    [
      'shapes',
      'shapes, of 100,000 waiting',
      series([100, 300, 1_000, 3_000, 10_000], (x, seed) => longQueue(seed, 100_000, x, policy)),
    ],
    [
      'levels',
      'levels, of 100,000 waiting in 1,000 shapes',
      series([1, 3, 10, 30, 100], (x, seed) => longQueue(seed, 100_000, 1_000, policy, x)),
    ],
  ];
  mkdirSync(join(root, 'docs/plots'), { recursive: true });
  say('### Growth\n');
  say('| cost of a plan against | exponent |\n| --- | --- |');
  for (const [name, label, data] of plots) {
    writeFileSync(join(root, `docs/plots/packing-${name}.svg`), plot(`Cost against ${name}`, label, data));
    say(`| ${label} | ${exponent(data).toFixed(2)} |`);
  }
  say(`\n${plots.map(([name]) => `![Cost against ${name}](plots/packing-${name}.svg)`).join('\n')}\n`);
}

say(`## Packing\n`);
say(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}. ${folder ? 'Real request lists.' : 'Generated request lists: STOWAGE_TRACES is not set.'}${isQuick ? ' Quick run.' : ''}\n`,
);
const parts = {
  highs: () => compareWithHighs(traceProblems(folder, policy)),
  queues: measureQueues,
  preemption: measurePreemption,
  steps: measureSteps,
  rules: compareWithRules,
  growth: plotGrowth,
};
for (const [name, measure] of Object.entries(parts)) {
  if (!process.argv.includes('--only') || option('--only') === name) await measure();
}
