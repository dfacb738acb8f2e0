// Counts the lines of libs and apps that are neither blank nor comment: see USAGE.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { main } from './lib/processes.mjs';
import { inProject, root, Stop } from './lib/project.mjs';

const USAGE = `usage: npm run count:lines [-- --from REVISION]

Counts the lines of libs and apps that are neither blank nor comment, without specs, testing folders and migrations.
  --from REVISION  also counts at an older revision, and prints the difference
  --help           prints this
`;

const COUNTED = /^(libs|apps)\/[^/]+\/.*\.ts$/;
const NOT_COUNTED = /\.spec\.ts$|\/(testing|migrations)\//;

function git(args, input) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Stop(stderr.toString().trim());
  return stdout;
}

/** The number of code lines of each folder of libs and apps at a revision; without one, of the tracked files as they are. */
function countAt(revision) {
  const listed = git(revision === undefined ? ['ls-files'] : ['ls-tree', '-r', '--name-only', revision]);
  const files = listed.toString().split('\n');
  const counted = files.filter((path) => COUNTED.test(path) && !NOT_COUNTED.test(path));
  const texts = revision === undefined ? counted.map(read) : textsAt(revision, counted);
  const counts = new Map();
  for (const [index, file] of counted.entries()) {
    const folder = file.split('/').slice(0, 2).join('/');
    counts.set(folder, (counts.get(folder) ?? 0) + codeLines(texts[index]));
  }
  return counts;
}

const read = (file) => (existsSync(inProject(file)) ? readFileSync(inProject(file), 'utf8') : '');

/** The texts of files at a revision, by one process of git: "HASH blob SIZE", a line end, the text, a line end for each. */
function textsAt(revision, files) {
  const output = git(['cat-file', '--batch'], files.map((file) => `${revision}:${file}\n`).join(''));
  let begin = 0;
  return files.map(() => {
    const head = output.indexOf('\n', begin);
    const end = head + 1 + Number(output.toString('utf8', begin, head).split(' ')[2]);
    begin = end + 1;
    return output.toString('utf8', head + 1, end);
  });
}

function codeLines(text) {
  let isInComment = false;
  const isCode = (line) => {
    if (isInComment || line.startsWith('/*')) {
      isInComment = !line.includes('*/');
      return false;
    }
    return line !== '' && !line.startsWith('//');
  };
  return text.split('\n').filter((line) => isCode(line.trim())).length;
}

const total = (counts) => [...counts.values()].reduce((sum, count) => sum + count, 0);

function readOptions() {
  try {
    return parseArgs({ options: { from: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    throw new Stop(`${error.message}\n${USAGE}`, 2);
  }
}

await main(() => {
  const { from, help } = readOptions();
  if (help === true) return void process.stdout.write(USAGE);
  const now = countAt();
  const before = from === undefined ? undefined : countAt(from);
  const print = (name, count, former) => {
    const difference = count - former;
    const change = Number.isNaN(difference)
      ? ''
      : `${String(former).padStart(8)}${`${difference > 0 ? '+' : ''}${difference}`.padStart(8)}`;
    process.stdout.write(`${name.padEnd(24)}${String(count).padStart(8)}${change}\n`);
  };
  const formerly = (folder) => (before === undefined ? Number.NaN : (before.get(folder) ?? 0));
  for (const folder of [...new Set([...now.keys(), ...(before?.keys() ?? [])])].sort()) {
    print(folder, now.get(folder) ?? 0, formerly(folder));
  }
  print('total', total(now), before === undefined ? Number.NaN : total(before));
});
