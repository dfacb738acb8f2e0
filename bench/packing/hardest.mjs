// The problems whose plans take longest: every request distinct in three resources, under the highest limit of steps, with everything old enough for a
// reservation. `anti-correlated` requests leave bounds that rounding does not meet.
import { allDistinct, dice, problemOf } from './workloads.mjs';

const NOW_MS = 1_000_000_000;
const RESOURCES = ['cpuMillis', 'memoryMib', 'gpuMillis'];

function antiCorrelated(seed, shapes, levels) {
  const random = dice(seed);
  const largest = 100_000;
  const waiting = Array.from({ length: shapes }, (_, index) => {
    const cpuMillis = 1 + Math.floor(random() * largest);
    return {
      priority: Math.floor(random() * levels),
      request: {
        cpuMillis,
        memoryMib: largest + 1 - cpuMillis + Math.floor(random() * 50),
        gpuMillis: ((cpuMillis * 7 + index) % largest) + 1,
      },
      maxRuntimeSeconds: null,
      count: 1 + Math.floor(random() * 3),
      oldest: { id: String(index).padStart(8, '0') },
    };
  });
  return problemOf(waiting, 0.15 + 0.8 * random());
}

/** As many runs as shapes, of ages up to three days, which fill the cluster and may all be preempted. */
function runsOf(seed, waiting, levels) {
  const random = dice(seed * 77);
  return waiting.map(({ request }, index) => ({
    priority: 10 * Math.floor(random() * levels),
    resources: Object.fromEntries(RESOURCES.map((name) => [name, Math.ceil(request[name] * (0.5 + random()))])),
    count: 1,
    endsAtMs: null,
    preemptible: {
      id: `r${String(index).padStart(6, '0')}`,
      sinceMs: NOW_MS - 60_000 - Math.floor(random() * 259_200_000),
      preemptions: 0,
      stopsAtOnce: false,
    },
  }));
}

function busy(seed, problem, levels) {
  const running = runsOf(seed, problem.waiting, levels);
  const total = (name) => running.reduce((sum, { resources }) => sum + resources[name], 0);
  const capacity = Object.fromEntries(RESOURCES.map((name) => [name, Math.floor(1.02 * total(name))]));
  const waiting = problem.waiting.map((shape) => ({ ...shape, priority: shape.priority * 10 + 5 }));
  const policy = { ...problem.policy, preemption: 'lower-priority' };
  return { ...problem, capacity, running, waiting, policy };
}

function aged(problem, policy) {
  const waiting = problem.waiting.map((shape, index) => ({
    ...shape,
    oldest: { ...shape.oldest, queuedAtMs: NOW_MS - 7_200_000 + ((index * 7_919) % 6_000_000) },
  }));
  return { ...problem, waiting, policy, nowMs: NOW_MS };
}

/** Names and problems, by seed. */
export function hardest(policy) {
  const kinds = [allDistinct, antiCorrelated];
  const all = [];
  for (const shapes of [2_000, 5_000]) {
    for (const preempts of [false, true]) {
      const make = (seed) =>
        kinds.flatMap((kind) =>
          [1, 5, 40].map((levels) => {
            const problem = aged(kind(seed, shapes, levels), policy);
            return preempts ? busy(seed, problem, levels) : problem;
          }),
        );
      all.push({ name: `${shapes.toLocaleString('en')} shapes${preempts ? ', as many preemptible runs' : ''}`, make });
    }
  }
  return all;
}
