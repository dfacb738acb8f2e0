import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from './temporary-tree.js';

const FOLDERS = ['apps', 'bench', 'deploy', 'docker', 'docs', 'libs', 'test'];

/** Every Markdown file of the project, as an absolute path. */
export function documents(): string[] {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true }),
  );
  return [...readdirSync(PROJECT, { withFileTypes: true }), ...below]
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !/\/(node_modules|libs\/sdk\/(generated|dist))\//.test(path));
}
