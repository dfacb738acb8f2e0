// Problems to plan: real lists of requests where STOWAGE_TRACES names a folder of them, and generated ones that need no data.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A repeatable source of numbers in 0..1 (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const PRIORITY_OF_QOS = { Guaranteed: 3, LS: 2, Burstable: 1, BE: 0 };

/** One pod list as requests in stored units; null where the folder does not hold it. */
export function readPods(folder, list) {
  const file = join(folder, 'openb', `openb_pod_list_${list}.csv`);
  if (!existsSync(file)) return null;
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const columns = head.trim().split(',');
  return lines.map((line) => {
    const cells = line.trim().split(',');
    const cell = (name) => cells[columns.indexOf(name)];
    const devices = Number(cell('num_gpu'));
    return {
      request: {
        cpuMillis: Number(cell('cpu_milli')),
        memoryMib: Number(cell('memory_mib')),
        gpuMillis: devices > 1 ? devices * 1000 : devices * Number(cell('gpu_milli')),
      },
      qos: PRIORITY_OF_QOS[cell('qos')],
    };
  });
}

/** Deployments of few or many kinds, in the manner of a mixed CPU and GPU cluster: stands in for the lists where there are none. */
export function generatePods(seed, count, kinds) {
  const random = dice(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const shapes = Array.from({ length: kinds }, () => {
    const gpuMillis = random() < 0.35 ? 0 : pick([250, 330, 460, 500, 810, 1000, 1000, 2000, 4000, 8000]);
    const cpuMillis = pick([1, 2, 3, 4, 6, 8, 11, 12, 16, 32, 64]) * 1000 - (random() < 0.2 ? 500 : 0);
    const memoryMib = Math.round((cpuMillis / 1000) * (512 + random() * 7680));
    return { cpuMillis, memoryMib, gpuMillis, weight: 1 / (1 + Math.floor(random() * kinds)) };
  });
  const total = shapes.reduce((sum, shape) => sum + shape.weight, 0);
  return Array.from({ length: count }, () => {
    let left = random() * total;
    const shape = shapes.find((candidate) => (left -= candidate.weight) < 0) ?? shapes[0];
    const { weight: _, ...request } = shape;
    return { request, qos: random() < 0.01 ? 3 : random() < 0.7 ? 2 : random() < 0.1 ? 1 : 0 };
  });
}

/** Gives each deployment a priority: from qos, or one of `levels` spread evenly by index. */
export function withPriorities(pods, levels) {
  return pods.map(({ request, qos }, index) => ({ request, priority: levels === 'qos' ? qos : index % levels }));
}

/** Shapes with counts, as the service's database gives them. */
export function groupIntoShapes(deployments) {
  const shapes = new Map();
  deployments.forEach(({ request, priority }, index) => {
    const key = `${priority}/${request.cpuMillis}/${request.memoryMib}/${request.gpuMillis}`;
    const shape = shapes.get(key);
    if (shape === undefined) {
      const oldest = { id: String(index).padStart(8, '0'), queuedAtMs: index };
      shapes.set(key, { priority, request, maxRuntimeSeconds: null, count: 1, oldest });
    } else shape.count++;
  });
  return [...shapes.values()];
}

/** A cluster that has `part` of what all deployments together request, with nothing running. */
export function problemOf(waiting, part, policy) {
  const total = { cpuMillis: 0, memoryMib: 0, gpuMillis: 0 };
  for (const { request, count } of waiting) {
    for (const resource of Object.keys(total)) total[resource] += request[resource] * count;
  }
  const capacity = Object.fromEntries(Object.entries(total).map(([name, amount]) => [name, Math.floor(amount * part)]));
  return { capacity, nowMs: 0, policy, isCordoned: false, running: [], waiting, reservations: [] };
}

const LISTS = ['default', 'cpu200', 'gpushare40', 'multigpu20'];
const PARTS = [0.25, 0.5, 0.75, 0.8, 0.9];

/** The 55 to 60 problems of the bars: four lists, five capacities, priorities from qos (where the list has it), 5 and 50 levels. */
export function traceProblems(folder, policy) {
  const problems = [];
  LISTS.forEach((list, number) => {
    const pods = (folder ? readPods(folder, list) : null) ?? generatePods(number + 1, 8000, 150);
    for (const levels of ['qos', 5, 50]) {
      if (levels === 'qos' && pods.some((pod) => pod.qos === undefined)) continue;
      const shapes = groupIntoShapes(withPriorities(pods, levels));
      for (const part of PARTS) {
        problems.push({ name: `${list} ${levels} ${part}`, problem: problemOf(shapes, part, policy) });
      }
    }
  });
  return problems;
}

/** A queue of `waiting` deployments in `shapes` shapes: far longer than varied. */
export function longQueue(seed, waiting, shapes, policy, levels = 4) {
  const random = dice(seed);
  const kinds = generatePods(seed, shapes * 3, shapes * 2).map(({ request }) => request);
  const unique = new Map();
  for (let index = 0; unique.size < shapes; index++) {
    const base = kinds[index % kinds.length];
    const request = { ...base, memoryMib: base.memoryMib + (index >= kinds.length ? Math.floor(random() * 4096) : 0) };
    const priority = Math.floor(random() * levels);
    unique.set(`${priority}/${request.cpuMillis}/${request.memoryMib}/${request.gpuMillis}`, { request, priority });
  }
  const list = [...unique.values()];
  const weights = list.map(() => -Math.log(1 - random()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = waiting - list.length;
  const result = list.map(({ request, priority }, index) => {
    const extra = Math.min(left, Math.floor(((waiting - list.length) * weights[index]) / total));
    left -= extra;
    const oldest = { id: String(index).padStart(8, '0'), queuedAtMs: index };
    return { priority, request, maxRuntimeSeconds: null, count: 1 + extra, oldest };
  });
  result[0].count += left;
  return problemOf(result, 0.15 + 0.8 * random(), policy);
}

/** Every deployment its own shape. */
export function allDistinct(seed, waiting, levels, policy) {
  const random = dice(seed);
  const seen = new Set();
  const result = [];
  while (result.length < waiting) {
    const cpuMillis = 100 + Math.floor(random() * 64_000);
    const memoryMib = 128 + Math.floor(random() * 262_144);
    const gpuMillis = random() < 0.4 ? 0 : Math.ceil(random() * 800) * 10;
    const key = `${cpuMillis}/${memoryMib}/${gpuMillis}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const oldest = { id: String(result.length).padStart(8, '0'), queuedAtMs: result.length };
    const priority = Math.floor(random() * levels);
    result.push({ priority, request: { cpuMillis, memoryMib, gpuMillis }, maxRuntimeSeconds: null, count: 1, oldest });
  }
  return problemOf(result, 0.15 + 0.8 * random(), policy);
}

/** A full cluster of runs of different ages that may be preempted, and as many waiting deployments in about `shapes` shapes, at priorities between theirs. */
export function busyCluster(seed, runs, shapes, policy) {
  const random = dice(seed * 31);
  const nowMs = 1_000_000_000;
  const running = generatePods(seed, runs, 150).map(({ request }, index) => ({
    priority: 10 * Math.floor(random() * 5),
    resources: request,
    count: 1,
    endsAtMs: null,
    preemptible: {
      id: `r${String(index).padStart(6, '0')}`,
      sinceMs: nowMs - Math.floor(60_000 + random() * 259_200_000),
      preemptions: 0,
      stopsAtOnce: false,
    },
  }));
  const capacity = {};
  for (const resource of ['cpuMillis', 'memoryMib', 'gpuMillis']) {
    capacity[resource] = Math.floor(1.02 * running.reduce((sum, group) => sum + group.resources[resource], 0));
  }
  const queue = groupIntoShapes(withPriorities(generatePods(seed + 1_000, runs, shapes), 5));
  const waiting = queue.map((shape) => ({ ...shape, priority: shape.priority * 10 + 5 }));
  return {
    capacity,
    nowMs,
    policy: { ...policy, preemption: 'lower-priority' },
    isCordoned: false,
    running,
    waiting,
    reservations: [],
  };
}
