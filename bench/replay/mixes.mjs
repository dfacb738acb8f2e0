// Batches that other projects publish as benchmarks: all is submitted at once, and what counts is when the last one has ended.
import { FirstCome, FirstFit } from './rules.mjs';
import { Stowage } from './stowage.mjs';
import { play } from './world.mjs';

/**
 * NVIDIA's knavigator, backfill test 2 (resources/benchmarks/backfill, run-test-100x100): three sizes, the largest run longest. Here its 100 nodes of
 * 100 cores and 100 GiB are one pool, and times are a tenth.
 */
const KNAVIGATOR = {
  capacity: [10_000_000, 10_240_000, 0],
  kinds: [
    { name: 'a', count: 200, request: [60_000, 61_440, 0], run: 24, large: 70 },
    { name: 'b', count: 800, request: [30_000, 30_720, 0], run: 6, large: 60 },
    { name: 'c', count: 2_400, request: [10_000, 10_240, 0], run: 2, large: 50 },
  ],
};

export const MIXES = { knavigator: KNAVIGATOR };

function jobsOf({ kinds }, { declares, isLargeFirst }) {
  return kinds.flatMap(({ name, count, request, run, large }) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${name}${String(index).padStart(5, '0')}`,
      submit: 0,
      run,
      declared: declares ? run : null,
      request,
      user: 'all',
      priority: isLargeFirst ? large : 50,
    })),
  );
}

/** The time that the batch takes where nothing of the scarcest resource is ever idle. */
function idealOf({ capacity, kinds }) {
  return Math.max(
    ...capacity.map((amount, row) =>
      amount > 0 ? kinds.reduce((sum, { count, request, run }) => sum + count * request[row] * run, 0) / amount : 0,
    ),
  );
}

const RUNS = [
  ['first come, first served', () => new FirstCome()],
  ['shortest declared first', () => new FirstFit(({ declared }) => declared), { declares: true }],
  ['successes', () => new Stowage()],
  ['successes, `reserveAfterSeconds` 0, by age', () => stowage('successes', 'age'), { declares: true }],
  ['successes, `reserveAfterSeconds` 0, by relative wait', () => stowage('successes'), { declares: true }],
  ['successes, priorities large first', () => new Stowage(), { isLargeFirst: true }],
  ['**utilization**', () => new Stowage({ objective: 'utilization' })],
  ['utilization, `reserveAfterSeconds` 0, by age', () => stowage('utilization', 'age'), { declares: true }],
  ['utilization, `reserveAfterSeconds` 0, by relative wait', () => stowage('utilization'), { declares: true }],
  ['utilization, priorities large first', () => new Stowage({ objective: 'utilization' }), { isLargeFirst: true }],
];

function stowage(objective, reservationOrder = 'relative-wait') {
  return new Stowage({ objective, reservationOrder, reserveAfterSeconds: 0 });
}

/** The rows of a table: what each objective, order of reservations and priority reaches on a mix. */
export function playMix(mix) {
  const ideal = idealOf(mix);
  return RUNS.map(([title, make, given = {}]) => {
    const jobs = jobsOf(mix, given);
    const rule = make();
    const { waits, lastEnd } = play(mix.capacity, jobs, rule);
    const waitOf = (name) => {
      const own = waits.filter((_, index) => jobs[index].id.startsWith(name));
      return own.reduce((sum, wait) => sum + wait, 0) / own.length;
    };
    return { title, lastEnd, useful: ideal / lastEnd, waits: mix.kinds.map(({ name }) => waitOf(name)) };
  });
}

/** A mix as a table. */
export function tableOf(name) {
  const mix = MIXES[name];
  if (mix === undefined) throw new Error(`there is no mix ${name}; there are ${Object.keys(MIXES).join(', ')}`);
  const rows = playMix(mix).map(
    ({ title, lastEnd, useful, waits }) =>
      `| ${title} | ${lastEnd.toFixed(1)} | ${(useful * 100).toFixed(1)} | ${waits.map((wait) => wait.toFixed(1)).join(' | ')} |`,
  );
  const names = mix.kinds.map(({ count, request, run }) => `${count} x ${request[0] / 1000} cores, ${run} s`);
  return [
    `| ideal: ${idealOf(mix).toFixed(1)} s | turnaround, s | useful, % | ${names.map((one) => `mean wait: ${one}`).join(' | ')} |`,
    `| --- |${' ---: |'.repeat(2 + names.length)}`,
    ...rows,
  ].join('\n');
}
