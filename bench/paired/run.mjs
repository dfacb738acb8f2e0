// Runs benchmarks of this checkout and of an older revision in turn, and prints the ratio of each figure: its median, and a 90% interval.
// A figure is worse where the whole interval lies beyond the limit. The older revision is checked out and built in a temporary folder.
//
//   npm run bench:paired -- --base REVISION [--rounds 10] [--only intake,ledger,explain,latency] [--checkout FOLDER]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { machine } from '../lib/database.mjs';
import { figuresIn } from './figures.mjs';
import { interval, median } from './statistics.mjs';

/** Short forms: one round takes about two minutes for both revisions. */
const BENCHMARKS = {
  intake: ['--seconds', '2', '--rounds', '1'],
  ledger: ['--rounds', '1'],
  explain: ['--requests', '20'],
  latency: ['--samples', '60', '--many', '20000', '--passes', '5'],
};

/** The loss that is accepted, by what was measured. */
const limitOf = (what) => (/batch|lines/.test(what) ? 0.3 : 0.1);

const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string', default: Object.keys(BENCHMARKS).join() },
    checkout: { type: 'string' },
  },
});
const ROOT = join(import.meta.dirname, '../..');
const ROUNDS = Number(values.rounds);

function command(folder, program, ...args) {
  const { status, stdout } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed in ${folder}`);
  return stdout;
}

/** A built checkout of the base revision. @returns its folder, and what removes it */
function baseCheckout() {
  if (values.checkout !== undefined) return { folder: values.checkout, remove: () => undefined };
  if (values.base === undefined) throw new Error('name the older revision: --base REVISION');
  const parent = mkdtempSync(join(tmpdir(), 'stowage-base-'));
  const folder = join(parent, 'checkout');
  command(ROOT, 'git', 'clone', '--quiet', '--no-checkout', ROOT, folder);
  command(folder, 'git', 'checkout', '--quiet', values.base);
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

function measure(folder, name) {
  const npm = ['run', '--silent', `bench:${name}`, '--', ...BENCHMARKS[name]];
  return figuresIn(command(folder, 'npm', ...npm));
}

/** Ratios above 1 are gains, for rates and for times alike. */
const gain = (ours, base) => (ours.isRate ? ours.figure / base.figure : base.figure / ours.figure);

function report(rounds) {
  for (const [place, { what }] of rounds[0].ours.entries()) {
    const ratios = rounds.map(({ ours, base }) => gain(ours[place], base[place]));
    const [low, high] = interval(ratios);
    const figures = ['ours', 'base'].map((side) => median(rounds.map((round) => round[side][place].figure)));
    const verdict = high < 1 - limitOf(what) ? 'WORSE' : 'ok';
    const cells = [
      ...figures.map((figure) => figure.toLocaleString('en')),
      median(ratios).toFixed(3),
      `${low.toFixed(3)} - ${high.toFixed(3)}`,
    ];
    process.stdout.write(`| ${what} | ${cells.join(' | ')} | ${verdict} |\n`);
  }
}

const base = baseCheckout();
try {
  if (!existsSync(join(base.folder, 'package.json'))) throw new Error(`${base.folder} holds no checkout`);
  process.stdout.write(`${machine()}; ${ROUNDS} alternating rounds; a ratio above 1 is a gain\n\n`);
  process.stdout.write(
    '| what | now | base | ratio, median | 90% interval | |\n| --- | ---: | ---: | ---: | ---: | --- |\n',
  );
  for (const name of values.only.split(',')) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Which goes first changes, so that a drift of the machine favours neither.
      const sides = round % 2 === 0 ? ['ours', 'base'] : ['base', 'ours'];
      const figures = {};
      for (const side of sides) figures[side] = measure(side === 'ours' ? ROOT : base.folder, name);
      if (figures.ours.length !== figures.base.length) throw new Error(`${name}: the revisions print different tables`);
      rounds.push(figures);
      process.stderr.write(`${name}, round ${round + 1} of ${ROUNDS}\n`);
    }
    report(rounds);
  }
} finally {
  base.remove();
}
