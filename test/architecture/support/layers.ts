import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from './temporary-tree.js';

/** The order of the libs and its special rules, as `libs/layers.json` states them. */
export interface Layers {
  readonly libs: readonly string[];
  /** Libs without framework and Node, with the packages that each may import. */
  readonly pure: Readonly<Record<string, readonly string[]>>;
  /** Front doors beside a lib's index, with the apps that may enter. */
  readonly doors: Readonly<Record<string, readonly string[]>>;
  /** Folders that only their own lib may import. */
  readonly private: readonly string[];
}

/** A file of the project as JSON. */
export function projectJson(path: string): unknown {
  return JSON.parse(readFileSync(join(PROJECT, path), 'utf8'));
}

/** The order that the project is built by. */
export const layers = projectJson('libs/layers.json') as Layers;
