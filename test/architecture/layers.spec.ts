import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { LAYER_VIOLATIONS, VALID_LAYERS } from './violations/layers.js';
import { layers, projectJson } from './support/layers.js';
import { type Files, TemporaryTree, printedBy, PROJECT } from './support/temporary-tree.js';

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
  readonly modules: readonly { readonly source: string }[];
}

const CONFIGURATION = '.dependency-cruiser.mjs';

async function cruise(root: string): Promise<Report> {
  const folders = ['libs', 'apps', 'test', 'bench', 'scripts'].filter((folder) => existsSync(join(root, folder)));
  const args = [...folders, '--config', CONFIGURATION, '--output-type', 'json'];
  return JSON.parse(await printedBy(root, 'dependency-cruiser/bin/dependency-cruiser.mjs', args)) as Report;
}

/** The violated rules of each file, by path. */
function violationsByFile({ summary }: Report): Record<string, string[]> {
  const found: Record<string, Set<string>> = {};
  for (const { from, rule } of summary.violations) (found[from] ??= new Set()).add(rule.name);
  return Object.fromEntries(Object.entries(found).map(([file, rules]) => [file, [...rules].sort()]));
}

describe('the order of the libs', () => {
  let tree: TemporaryTree;
  let report: Report;

  beforeAll(async () => {
    const planted = LAYER_VIOLATIONS.map(({ file, text, beside = {} }) => ({ [file]: text, ...beside }));
    tree = TemporaryTree.of(Object.assign({ ...VALID_LAYERS }, ...planted) as Files);
    report = await cruise(tree.root);
  }, 60_000);
  afterAll(() => tree.remove());

  it('finds no violation in the imports of the project', async () => {
    const project = await cruise(PROJECT);
    expect(project.modules.length).toBeGreaterThan(layers.libs.length);
    expect(violationsByFile(project)).toEqual({});
  }, 60_000);

  it('accepts every import that the rules permit', async () => {
    const sound = TemporaryTree.of(VALID_LAYERS);
    try {
      expect(violationsByFile(await cruise(sound.root))).toEqual({});
    } finally {
      sound.remove();
    }
  }, 60_000);

  it.each(LAYER_VIOLATIONS)('refuses $file: $breaks', ({ file, breaks }) => {
    expect(violationsByFile(report)[file]).toEqual([...breaks].sort());
  });

  it('reports no file except the planted violations', () => {
    const innocent = Object.keys(violationsByFile(report)).filter(
      (file) => !LAYER_VIOLATIONS.some((plant) => plant.file === file),
    );
    expect(innocent).toEqual([]);
  });

  it('has no rule without a planted violation', async () => {
    const { default: configuration } = (await import(join(PROJECT, CONFIGURATION))) as {
      default: { forbidden: readonly { name: string }[] };
    };
    const planted = new Set(LAYER_VIOLATIONS.flatMap(({ breaks }) => breaks));
    expect(configuration.forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });

  it('lists exactly the TypeScript libs that exist, and package.json has an import name for each', () => {
    const { imports: names } = projectJson('package.json') as { imports: Record<string, unknown> };
    const folders = readdirSync(join(PROJECT, 'libs'), { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !existsSync(join(PROJECT, 'libs', entry.name, 'pyproject.toml')),
    );
    expect(folders.map(({ name }) => name).sort()).toEqual([...layers.libs].sort());
    expect(Object.keys(names).sort()).toEqual(
      [...layers.libs, ...Object.keys(layers.doors)].map((n) => `#${n}`).sort(),
    );
  });
});
