import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

import { IsolationLevel } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';

import { CommandError, type EntityManager } from '#database';
import { isId } from '#kernel';
import {
  checkChain,
  type DecisionExcerpt,
  linesOf,
  plannerBuild,
  readExcerpt,
  readLog,
  replay,
  type ReplayedDecision,
  schedulerEntities,
  UnreadableLog,
} from '#scheduler';

import { withDatabase } from './with-database.js';

const FOUND = 1;

/** The options of the command `replay`, as they were given. */
export interface ReplayOptions {
  readonly cluster?: string;
  readonly file?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly verify?: true;
  readonly head?: string;
  readonly export?: string;
}

// Programs read standard output: nothing but the report is written there.
Logger.overrideLogger(false);

/** The command `replay`. */
export async function replayLog(options: ReplayOptions): Promise<void> {
  if (options.file !== undefined) {
    process.exitCode = await run(fromFile(options.file), options);
    return;
  }
  const once = async (em: EntityManager): Promise<number> => run(await fromDatabase(em, options), options);
  await withDatabase(schedulerEntities, async (database) =>
    // One moment of the database, where retention must not come in between; planning would hold the transaction open for too long.
    options.verify === true || options.export !== undefined
      ? database.transaction(once, { isolationLevel: IsolationLevel.REPEATABLE_READ })
      : once(database.reader()),
  );
}

async function run(excerpt: DecisionExcerpt, options: ReplayOptions): Promise<number> {
  if (options.export !== undefined) return exported(excerpt, options.export);
  return options.verify === true ? verified(excerpt, options.head ?? null) : replayed(excerpt, options);
}

function fromFile(path: string): DecisionExcerpt {
  try {
    return readExcerpt(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof UnreadableLog) throw new CommandError(`${path} holds no decision log: ${error.message}.`);
    throw error;
  }
}

async function fromDatabase(
  em: EntityManager,
  { cluster = '', from, verify }: ReplayOptions,
): Promise<DecisionExcerpt> {
  const fromMs = verify === true || from === undefined ? 0 : from.getTime();
  const log = isId(cluster) ? await readLog(em, cluster, fromMs) : null;
  if (log === null) throw new CommandError(`No decision of a cluster ${cluster} is kept.`);
  return log;
}

/** Plans again, and reports the first difference. */
async function replayed(excerpt: DecisionExcerpt, { from, to }: ReplayOptions): Promise<number> {
  const range = { fromMs: from?.getTime() ?? -Infinity, toMs: to?.getTime() ?? Infinity };
  const builds = new Set<string>();
  let first: ReplayedDecision | null = null;
  let last: ReplayedDecision | null = null;
  let passes = 0;
  for await (const one of replay(excerpt.decisions, range)) {
    passes++;
    builds.add(one.stored.build);
    first ??= one;
    last = one;
    if (one.difference !== null) break;
  }
  const different = (last?.difference ?? null) === null ? null : last;
  return print(
    {
      isIdentical: different === null,
      passes,
      from: timeOf(first),
      to: timeOf(last),
      build: plannerBuild(),
      recordedBuilds: [...builds],
      firstDifference: different === null ? null : { ...placeOf(different), ...different.difference },
    },
    different === null,
  );
}

/** Recomputes the chain of hashes. */
async function verified(excerpt: DecisionExcerpt, noted: string | null): Promise<number> {
  const { fault, ...checked } = await checkChain(excerpt, noted);
  return print({ isIntact: fault === null, ...checked, fault }, fault === null);
}

async function exported(excerpt: DecisionExcerpt, path: string): Promise<number> {
  const file = await open(path, 'wx');
  try {
    for await (const line of linesOf(excerpt)) await file.write(line);
  } finally {
    await file.close();
  }
  return 0;
}

function placeOf({ stored: { position, passId, atMs, build } }: ReplayedDecision): object {
  return { position, passId, at: new Date(atMs).toISOString(), build };
}

function timeOf(decision: ReplayedDecision | null): string | null {
  return decision === null ? null : new Date(decision.stored.atMs).toISOString();
}

/** @returns the exit code */
function print(report: object, isGood: boolean): number {
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return isGood ? 0 : FOUND;
}
