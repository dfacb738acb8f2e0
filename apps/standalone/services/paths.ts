import { resolve } from 'node:path';

/** The folder of built files that this file is in: the programs that are started lie beside it. */
export const DIST = resolve(import.meta.dirname, '..', '..', '..');

/** The checkout. Relative paths in settings begin here, wherever the command was typed. */
export const PROJECT = resolve(DIST, '..');
