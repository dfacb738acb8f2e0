import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { HOUSE_VIOLATIONS, HOUSE_VALID } from './violations/house-rules.js';
import { HOUSE_RULES } from './support/house-rules.js';
import { type Files, PROJECT } from './support/temporary-tree.js';

const FOLDERS = ['.github', 'apps', 'bench', 'deploy', 'docker', 'docs', 'libs', 'scripts', 'test'];
const READ = /\.(ts|mjs|md|yaml|sh)$/;
const NOT_OURS = /\/(node_modules|dist|libs\/sdk\/generated)\//;

/** The source files and documents of the project, by path. */
function projectFiles(): Files {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true }),
  );
  const paths = [...readdirSync(PROJECT, { withFileTypes: true }), ...below]
    .filter((file) => file.isFile() && READ.test(file.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !NOT_OURS.test(path));
  return Object.fromEntries(paths.map((path) => [relative(PROJECT, path), readFileSync(path, 'utf8')]));
}

/** The violations of each rule in a tree; rules without one are left out. */
function violationsByRule(files: Files): Record<string, readonly string[]> {
  const entries = HOUSE_RULES.map(({ name, violations }) => [name, violations(files)] as const);
  return Object.fromEntries(entries.filter(([, violations]) => violations.length > 0));
}

describe('the house rules', () => {
  let project: Files;

  beforeAll(() => {
    project = projectFiles();
  });

  it.each(HOUSE_RULES)('finds no violation in the project: $name', ({ violations }) => {
    expect(Object.keys(project)).not.toHaveLength(0);
    expect(violations(project)).toEqual([]);
  });

  it('accepts a tree at the limit of each rule', () => {
    expect(violationsByRule(HOUSE_VALID)).toEqual({});
  });

  it.each(HOUSE_VIOLATIONS)('refuses $reported: $rule', ({ rule, files, reported }) => {
    const found = violationsByRule({ ...HOUSE_VALID, ...files });
    expect(Object.keys(found)).toEqual([rule]);
    expect(found[rule]?.map((line) => line.split(' ')[0])).toEqual(reported);
  });

  it('has a planted violation for each rule', () => {
    const planted = new Set(HOUSE_VIOLATIONS.map(({ rule }) => rule));
    expect(HOUSE_RULES.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });
});
