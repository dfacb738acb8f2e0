import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The project itself: what the gates are for. */
export const PROJECT = join(import.meta.dirname, '../../..');

/** What the tools need to treat a folder as this project: the same names, compiler options, rules and packages. */
const SHARED_FILES = [
  'package.json',
  'tsconfig.json',
  'libs/layers.json',
  'scripts/lib/project.mjs',
  '.dependency-cruiser.mjs',
  'eslint.config.mjs',
];

/** File contents by path from the root. */
export type Files = Readonly<Record<string, string>>;

/**
 * A small project in a temporary folder, under the real project's rules: the place for violations that must be caught.
 *
 * The caller removes it.
 */
export class TemporaryTree {
  private constructor(readonly root: string) {}

  static of(files: Files): TemporaryTree {
    const tree = new TemporaryTree(mkdtempSync(join(tmpdir(), 'stowage-architecture-')));
    for (const file of SHARED_FILES) {
      mkdirSync(dirname(join(tree.root, file)), { recursive: true });
      copyFileSync(join(PROJECT, file), join(tree.root, file));
    }
    symlinkSync(join(PROJECT, 'node_modules'), join(tree.root, 'node_modules'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree.root, path)), { recursive: true });
      writeFileSync(join(tree.root, path), text);
    }
    return tree;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What a tool of the project printed when run in `root`. A gate that finds something exits with an error, so that only silence is a failure. */
export function printedBy(root: string, tool: string, args: readonly string[]): Promise<string> {
  const command = [join(PROJECT, 'node_modules', tool), ...args];
  const limits = { cwd: root, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, limits, (_error, stdout, stderr) => {
      if (stdout === '') reject(new Error(`${command.join(' ')} printed nothing: ${stderr}`));
      else resolve(stdout);
    });
  });
}
