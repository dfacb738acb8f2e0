import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { PROJECT } from './support/planted-tree.js';

const FOLDERS = ['apps', 'bench', 'docker', 'docs', 'libs', 'test'];

/** Every Markdown file of the project, as an absolute path. */
function documents(): string[] {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true }),
  );
  return [...readdirSync(PROJECT, { withFileTypes: true }), ...below]
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !/\/(node_modules|libs\/sdk\/(generated|dist))\//.test(path));
}

/** The targets of a document's links to other files, without what follows a #. Code is no link. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^([a-z]+:|#|\/)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}

describe('links between documents', () => {
  it('are found where they are links', () => {
    const text = 'see [a](b.md#c), [d](https://e.example), [f](#g), `[h](i.md)`\n```md\n[j](k.md)\n```\n![l](../m.svg)';
    expect(linksOf(text)).toEqual(['b.md', '../m.svg']);
  });

  it('lead to files that are there', () => {
    const dead = documents().flatMap((path) =>
      linksOf(readFileSync(path, 'utf8'))
        .filter((target) => !existsSync(join(dirname(path), target)))
        .map((target) => `${relative(PROJECT, path)}: ${target}`),
    );
    expect(dead).toEqual([]);
  });
});
