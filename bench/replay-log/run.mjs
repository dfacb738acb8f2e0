// How much a decision log takes, and how fast it is replayed: passes over a generated queue, recorded as planner threads record them, then planned
// again. Prints rows of a markdown table. Needs a built project.
//
//   npm run bench:replay-log -- [--passes 10000] [--shapes 5000]
import { parseArgs } from 'node:util';

import { DEFAULT_POLICY, plan, Simulation } from '#packing';
import { DecisionRecorder, replay } from '#scheduler';

import { machine, quantile } from '../lib/database.mjs';
import { generated } from '../replay/logs.mjs';

const { values } = parseArgs({
  options: { passes: { type: 'string', default: '10000' }, shapes: { type: 'string', default: '5000' } },
});
const [PASSES, SHAPES] = [values.passes, values.shapes].map(Number);

const CLUSTER = '0192f0c4-7e3a-7bb0-8a4d-1f2e3d4c5b6a';
const amounts = ([cpuMillis, memoryMib, gpuMillis]) => ({ cpuMillis, memoryMib, gpuMillis });
const figure = (value, digits = 2) => value.toLocaleString('en', { maximumFractionDigits: digits });

/** Three months of generated jobs, one array after the other until there are enough passes. */
function* history() {
  for (let seed = 1; ; seed++) {
    const { capacity, jobs } = generated(seed);
    const decisions = [];
    const deployments = jobs.map(({ id, submit, run, declared, request, priority }) => {
      return {
        id,
        priority,
        request: amounts(request),
        arrivesAtSeconds: submit,
        declaredSeconds: declared,
        takesSeconds: run,
      };
    });
    const simulation = new Simulation(amounts(capacity), DEFAULT_POLICY, deployments);
    simulation.names = 64;
    simulation.onPass = (snapshot, made) => decisions.push({ snapshot, plan: made });
    simulation.run(Infinity);
    yield* decisions;
  }
}

/** A queue of many shapes, of which a few change from pass to pass. */
function* wideQueue(passes) {
  const waiting = Array.from({ length: SHAPES }, (_, index) => ({
    priority: 50,
    request: amounts([1_000 + index, 512 + (index % 97), 0]),
    maxRuntimeSeconds: index % 3 === 0 ? 3_600 : null,
    count: 1 + (index % 17),
    oldest: {
      id: `0192f0c4-7e3a-7bb0-8000-${String(index * 7_919).padStart(12, '0')}`,
      queuedAtMs: 1_700_000_000_000 + index,
    },
  }));
  for (let pass = 0; pass < passes; pass++) {
    for (let change = 0; change < 5; change++) {
      const at = ((pass * 5 + change) * 31) % SHAPES;
      waiting[at] = { ...waiting[at], count: waiting[at].count + 1 };
    }
    const capacity = amounts([10_000 + pass, 10_000, 0]);
    const snapshot = {
      capacity,
      nowMs: 1_700_000_100_000 + pass,
      policy: DEFAULT_POLICY,
      isCordoned: false,
      running: [],
      waiting: [...waiting],
      reservations: [],
    };
    const beganMs = performance.now();
    const made = plan(snapshot);
    yield { snapshot, plan: made, planMs: performance.now() - beganMs };
  }
}

function recorded(decisions, most) {
  const recorder = new DecisionRecorder();
  const stored = [];
  const times = [];
  const planTimes = [];
  let head = null;
  for (const decision of decisions) {
    const { snapshot, plan: made, planMs = 0 } = decision;
    const passId = `0192f0c4-7e3a-7bb0-9000-${String(stored.length).padStart(12, '0')}`;
    const beganMs = performance.now();
    head = recorder.record({ clusterId: CLUSTER, passId, head }, { snapshot, plan: made });
    times.push(performance.now() - beganMs);
    planTimes.push(planMs);
    stored.push(head);
    if (stored.length === most) break;
  }
  return { stored, times, planTimes };
}

async function row(what, { stored, times }) {
  const beganMs = performance.now();
  let different = 0;
  for await (const { difference } of replay(stored, { fromMs: -Infinity, toMs: Infinity }))
    if (difference !== null) different++;
  const seconds = (performance.now() - beganMs) / 1_000;
  const bytes = stored.map(({ record }) => record.length);
  const mean = bytes.reduce((sum, one) => sum + one, 0) / bytes.length;
  const cells = [
    stored.length,
    mean,
    Math.max(...bytes),
    quantile(times, 0.5),
    times.reduce((a, b) => a + b, 0) / times.length,
    seconds,
    different,
  ];
  process.stdout.write(`| ${what} | ${cells.map((cell, at) => figure(cell, at < 3 ? 0 : 3)).join(' | ')} |\n`);
  if (different > 0) process.exitCode = 1;
}

process.stdout.write(
  `${machine()}\n\n| decisions | passes | bytes, mean | largest | encoding ms, median | mean | replay s | different |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n`,
);
await row('three months of generated jobs, again and again', recorded(history(), PASSES));
const wide = recorded(wideQueue(100), 100);
await row(`a queue of ${figure(SHAPES)} shapes, five of which change`, wide);
process.stdout.write(`\nA plan of that queue takes ${figure(quantile(wide.planTimes, 0.5))} ms (median).\n`);
