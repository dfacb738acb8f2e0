// Logs of real clusters, as jobs with the time they were submitted, what they asked for, what they declared and what they really took.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rows of a CSV file without quotes, as objects. */
function rowsOf(file) {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, index) => [names[index], value])));
}

/** A job; a runtime longer than declared is cut there, because the service ends it there. */
function job({ id, submit, run, declared, request, user, priority = 50 }) {
  return { id, submit, run: declared === null ? run : Math.min(run, declared), declared, request, user, priority };
}

/** CERIT-SC wagap 2013: two clusters with CPU and memory, walltime limits, true runtimes. */
function cerit(folder) {
  const file = join(folder, 'swf', 'cerit-wagap-2013.csv');
  if (!existsSync(file)) return null;
  const users = new Map(rowsOf(join(folder, 'swf', 'cerit-wagap-2013-users.csv')).map((row) => [row.job, row.user]));
  const jobs = rowsOf(file).map((row) =>
    job({
      id: `c${row.job}`,
      submit: Number(row.submit_s),
      run: Number(row.run_s),
      declared: Number(row.walltime_limit_s),
      request: [Number(row.cores) * 1000, Number(row.memory_mib), 0],
      user: users.get(row.job) ?? 'unknown',
    }),
  );
  // 2,176 cores and 14.1 TiB.
  return { name: 'CERIT', capacity: [2_176_000, Math.round(14.1 * 1024 * 1024), 0], jobs, factors: [1, 1.6, 1.9] };
}

/** The GPU nodes of Alibaba's trace of 2023 from day 115 on, on 24 GPUs; nothing is declared. */
function openb(folder) {
  const file = join(folder, 'openb', 'openb_pod_list_default.csv');
  if (!existsSync(file)) return null;
  const priorities = { Guaranteed: 90, LS: 70, Burstable: 50, BE: 30 };
  const first = 115 * 86_400;
  const jobs = rowsOf(file).flatMap((row) => {
    const submit = Number(row.creation_time) - first;
    const run = Number(row.deletion_time) - Number(row.scheduled_time || row.creation_time);
    if (submit < 0 || !(run > 0)) return [];
    const gpus = Number(row.num_gpu);
    const gpu = gpus > 1 ? gpus * 1000 : gpus * Number(row.gpu_milli);
    const request = [Number(row.cpu_milli), Number(row.memory_mib), gpu];
    return [
      job({ id: row.name, submit, run, declared: null, request, user: 'all', priority: priorities[row.qos] ?? 50 }),
    ];
  });
  const capacity = [24 * 12_000, 24 * 98_304, 24_000];
  const fits = jobs.filter(({ request }) => request.every((amount, row) => amount <= capacity[row]));
  return { name: 'openb', capacity, jobs: fits, factors: [0.9, 0.95, 1, 1.05, 1.1, 1.2] };
}

/** A log in the Standard Workload Format: processors alone. */
export function standardWorkload(file, factors = [1]) {
  const text = readFileSync(file, 'utf8');
  const processors = Number(/^;\s*MaxProcs:\s*(\d+)/m.exec(text)?.[1] ?? NaN);
  const jobs = text
    .split('\n')
    .filter((line) => /^\s*\d/.test(line))
    .flatMap((line) => {
      const [id, submit, , run, used, , , asked, declared, , , user] = line.trim().split(/\s+/).map(Number);
      const count = asked > 0 ? asked : used;
      if (!(count > 0) || !(run >= 0)) return [];
      const request = [count * 1000, 0, 0];
      return [
        job({ id: `s${id}`, submit, run, declared: declared > 0 ? declared : null, request, user: String(user) }),
      ];
    });
  const most = jobs.reduce((largest, { request }) => Math.max(largest, request[0]), 0);
  const capacity = [Number.isNaN(processors) ? most : processors * 1000, 0, 0];
  return { name: file.split('/').at(-1), capacity, jobs, factors };
}

/** Three months of generated jobs, for machines without logs: arrays of equal jobs, runtimes over five orders of magnitude, loose limits. */
export function generated(seed = 1) {
  let state = seed;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const jobs = [];
  for (let submit = 0; jobs.length < 6_000; submit += Math.round(-Math.log(1 - random()) * 1_300)) {
    const declared = [3_600, 14_400, 86_400, 604_800][Math.floor(random() ** 1.5 * 4)];
    const request = [1000 * 2 ** Math.floor(random() * 6), 1024 * 2 ** Math.floor(random() * 7), 0];
    const array = random() < 0.15 ? 1 + Math.floor(random() * 40) : 1;
    const user = String(Math.floor(random() ** 2 * 40));
    for (let index = 0; index < array; index++) {
      const run = Math.max(1, Math.round(declared * random() ** 4));
      jobs.push(job({ id: `g${jobs.length}`, submit, run, declared, request, user }));
    }
  }
  return { name: 'generated', capacity: [512_000, 2_097_152, 0], jobs, factors: [1, 1.4] };
}

/** The logs in a folder of traces; the generated one where there are none. */
export function logsIn(folder) {
  const found = folder === undefined ? [] : [cerit(folder), openb(folder)].filter((log) => log !== null);
  return found.length === 0 ? [generated()] : found;
}

/** The jobs of a log with arrivals compressed by a factor: the load rises by it, runtimes stay. */
export function compressed({ jobs }, factor) {
  const first = jobs.reduce((least, { submit }) => Math.min(least, submit), Infinity);
  return jobs
    .map((one) => ({ ...one, submit: Math.round((one.submit - first) / factor) }))
    .sort((a, b) => a.submit - b.submit);
}

/** The work that a log offers, as a share of what its cluster could do from the first arrival to the last: of the resource asked for most. */
export function offeredLoad({ capacity }, jobs) {
  const seconds = jobs.at(-1).submit - jobs[0].submit;
  const shares = capacity.map((amount, row) =>
    amount > 0 ? jobs.reduce((sum, { request, run }) => sum + request[row] * run, 0) / (amount * seconds) : 0,
  );
  return Math.max(...shares);
}
