// Whether a large job starts at all while smaller ones, which run as long as they run, keep coming. A grid of cases, each played to the start of the
// large one.
import { Expectations } from './expectations.mjs';
import { Stowage } from './stowage.mjs';
import { play } from './world.mjs';

const SLOTS = 10;
const WARM_UP = 40;
const LONGEST = 400;

/** Before the large one comes, nothing waits for long. */
const QUIET_FLOW = 0.9;

const LENGTHS = [10, 60, 3_600, 86_400, 604_800];
const SIZES = [6, 9, 10];
const FLOWS = [1, 1.2];
const KNOWLEDGE = ['declared', 'learned', 'unknown'];

/** Runtimes with a mean of about one: equal, spread over two orders of magnitude, or with a heavy tail. */
const SPREADS = {
  equal: () => 1,
  spread: (random) => 0.02 + 1.96 * random(),
  heavy: (random) => Math.min(20, 0.35 * (1 - random()) ** -0.75),
};

function generator(seed) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Smaller jobs for the whole time, and the large one in the middle. */
function jobsOf({ length, spread, size, flow, knowledge }, seed) {
  const random = generator(seed);
  const job = (id, submit, run, cpus, user) => ({
    id,
    submit,
    run: Math.max(1, Math.round(run * length)),
    declared:
      knowledge === 'declared' ? Math.max(1, Math.round((user === 'large' ? 1 : longestOf(spread)) * length)) : null,
    request: [cpus * 1000, 0, 0],
    user,
    priority: 50,
  });
  const jobs = Array.from({ length: SLOTS }, (_, index) =>
    job(`a${index}`, 0, SPREADS[spread](random) * ((index + 1) / SLOTS), 1, 'small'),
  );
  const end = (WARM_UP + LONGEST) * length;
  const large = WARM_UP * length;
  for (let at = 0, index = 0; at < end; at += length / (SLOTS * (at < large ? QUIET_FLOW : flow)), index++)
    jobs.push(job(`s${index}`, at, SPREADS[spread](random), 1, 'small'));
  jobs.push(job('large', large, 1, size, 'large'));
  return jobs.sort((a, b) => a.submit - b.submit);
}

const longestOf = (spread) => ({ equal: 1, spread: 2, heavy: 20 })[spread];

/** How long the large one would wait if nothing more started from its arrival on. */
function idealOf(running, now, free, size) {
  const ends = running.map(({ end }) => end - now).sort((a, b) => a - b);
  return Math.max(1, ends[size - free - 1] ?? 0);
}

/** Learns nothing. */
class Ignorant extends Expectations {
  ended() {}
}

/** Every case, with what the large job waited, and what it would have waited if nothing more had started. */
function* cases() {
  let seed = 1;
  for (const length of LENGTHS)
    for (const spread of Object.keys(SPREADS))
      for (const size of SIZES)
        for (const flow of FLOWS)
          for (const knowledge of KNOWLEDGE) {
            const one = { length, spread, size, flow, knowledge };
            yield { ...one, ...playOne(one, seed++) };
          }
}

function playOne(one, seed) {
  const jobs = jobsOf(one, seed);
  const rule = new Stowage({ reserveAfterSeconds: 0 });
  if (one.knowledge === 'unknown') rule.expectations = new Ignorant();
  let ideal = 1;
  const watched = {
    arrive: (job) => rule.arrive(job),
    ended: (run) => rule.ended(run),
    decide(now, world) {
      if (now === WARM_UP * one.length)
        ideal = idealOf([...world.running], now, Math.floor(world.free[0] / 1000), one.size);
      return rule.decide(now, world);
    },
  };
  const at = jobs.findIndex(({ id }) => id === 'large');
  const { waits } = play([SLOTS * 1000, 0, 0], jobs, watched, (starts) => starts.has('large'));
  return { ideal, wait: waits[at] };
}

/** Plays the grid, and shows the wait of the large job as a multiple of the ideal, by what is known and how runs differ. */
export function starvationTable() {
  const all = [...cases()].map(({ wait, ideal, ...one }) => ({ ...one, ratio: wait / ideal }));
  const rows = KNOWLEDGE.flatMap((knowledge) =>
    Object.keys(SPREADS).map((spread) => {
      const ratios = all
        .filter((one) => one.knowledge === knowledge && one.spread === spread)
        .map(({ ratio }) => ratio)
        .sort((a, b) => a - b);
      const never = ratios.filter((ratio) => ratio === Infinity).length;
      const [middle, worst] = [ratios[ratios.length >> 1], ratios.at(-1)].map((ratio) => ratio.toFixed(1));
      return `| ${knowledge} | ${spread} | ${ratios.length} | ${never} | ${middle} | ${worst} |`;
    }),
  );
  const head = [
    '| runtimes | runs | cases | never starts | wait / ideal: median | worst |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
  ];
  return [...head, ...rows].join('\n');
}
