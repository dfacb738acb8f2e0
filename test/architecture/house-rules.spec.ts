import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { HOUSE_VIOLATIONS, HOUSE_VALID } from './violations/house-rules.js';
import { HOUSE_RULES } from './support/house-rules.js';
import { type Files, PROJECT } from './support/temporary-tree.js';

/** Every TypeScript file and README of the project, by path. */
function projectFiles(): Files {
  const files = ['libs', 'apps', 'test', 'bench'].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true }),
  );
  const paths = files.filter((file) => file.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const wanted = paths.filter(
    (path) => /\.(ts|md)$/.test(path) && !/\/(node_modules|libs\/sdk\/(generated|dist))\//.test(path),
  );
  return Object.fromEntries(wanted.map((path) => [relative(PROJECT, path), readFileSync(path, 'utf8')]));
}

/** What each rule says of a tree; rules that are content are left out. */
function verdict(files: Files): Record<string, readonly string[]> {
  const entries = HOUSE_RULES.map(({ name, violations }) => [name, violations(files)] as const);
  return Object.fromEntries(entries.filter(([, violations]) => violations.length > 0));
}

describe('the house rules', () => {
  let project: Files;

  beforeAll(() => {
    project = projectFiles();
  });

  it.each(HOUSE_RULES)('hold in the project: $name', ({ violations }) => {
    expect(Object.keys(project)).not.toHaveLength(0);
    expect(violations(project)).toEqual([]);
  });

  it('are content with a tree at the edge of each', () => {
    expect(verdict(HOUSE_VALID)).toEqual({});
  });

  it.each(HOUSE_VIOLATIONS)('refuse $reported, because $rule', ({ rule, files, reported }) => {
    const said = verdict({ ...HOUSE_VALID, ...files });
    expect(Object.keys(said)).toEqual([rule]);
    expect(said[rule]?.map((line) => line.split(' ')[0])).toEqual(reported);
  });

  it('have a planted violation each', () => {
    const planted = new Set(HOUSE_VIOLATIONS.map(({ rule }) => rule));
    expect(HOUSE_RULES.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });
});
