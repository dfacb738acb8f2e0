import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The checkout that these scripts belong to, as an absolute path. */
export const root = resolve(dirname(import.meta.dirname ?? new URL('.', import.meta.url).pathname), '..');

/** @returns {string} the absolute path of something in the checkout */
export const inProject = (...parts) => join(root, ...parts);

/** The folders of the npm workspaces: the SDK, then the apps that have dependencies of their own. */
export const { workspaces } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

/** An error that the user can act on: printed as one sentence, without a stack. */
export class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
