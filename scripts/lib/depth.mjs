import { spawnSync } from 'node:child_process';

import { root } from './project.mjs';

/** A change below one of these makes `npm test` run deep: their properties and costs are what the deep tests measure. */
const DEEP_FOLDERS = [
  'libs/packing/',
  'libs/scheduler/',
  'libs/ledger/',
  'libs/insights/',
  'libs/database/',
  'docker/',
  'deploy/',
];

/**
 * How many random cases tests draw, and whether the `deep` project runs too.
 *
 * @returns {'third' | 'full' | 'tenfold'} what STOWAGE_TEST_DEPTH says; otherwise `full` where a deep folder changed, else `third`
 */
export function depth() {
  return process.env.STOWAGE_TEST_DEPTH ?? (changedPaths().some(isDeep) ? 'full' : 'third');
}

const isDeep = (path) => DEEP_FOLDERS.some((folder) => path.startsWith(folder)) && !path.endsWith('.md');

/** Files that differ from where this branch left main, committed or not. None where git or main is missing. */
function changedPaths() {
  const base = ['main', 'origin/main'].map((name) => git('merge-base', 'HEAD', name)[0]).find(Boolean);
  const committed = base === undefined ? [] : git('diff', '--name-only', base);
  return [...committed, ...git('ls-files', '--others', '--exclude-standard')];
}

/** The lines of a command's output; none when it fails. */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
}
