import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { documents } from './support/documents.js';
import { PROJECT } from './support/temporary-tree.js';

/** The targets of a document's links to other files, without what follows a #. Code is no link. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^([a-z]+:|#|\/)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}

describe('links between documents', () => {
  it('finds links in prose, and none in code', () => {
    const text = 'see [a](b.md#c), [d](https://e.example), [f](#g), `[h](i.md)`\n```md\n[j](k.md)\n```\n![l](../m.svg)';
    expect(linksOf(text)).toEqual(['b.md', '../m.svg']);
  });

  it('finds no link to a missing file', () => {
    const dead = documents().flatMap((path) =>
      linksOf(readFileSync(path, 'utf8'))
        .filter((target) => !existsSync(join(dirname(path), target)))
        .map((target) => `${relative(PROJECT, path)}: ${target}`),
    );
    expect(dead).toEqual([]);
  });
});
