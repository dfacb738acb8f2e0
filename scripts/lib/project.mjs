import { dirname, join, resolve } from 'node:path';

/** The checkout that these scripts belong to, as an absolute path. */
export const root = resolve(dirname(import.meta.dirname ?? new URL('.', import.meta.url).pathname), '..');

/** @returns {string} the absolute path of something in the checkout */
export const inProject = (...parts) => join(root, ...parts);

/** Something the person at the keyboard can act on: printed as one sentence, without a stack. */
export class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
