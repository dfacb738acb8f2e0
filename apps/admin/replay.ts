import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

import { IsolationLevel } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';

import { CapacityDto, PlanningPolicyDto, toAmounts } from '#clusters';
import { CommandError, type EntityManager } from '#database';
import { readHistory } from '#deployments';
import { ObjectField, readDto } from '#http';
import { isId, parseStrictJson } from '#kernel';
import { type Snapshot } from '#packing';
import {
  checkChain,
  type DecisionExcerpt,
  type History,
  type HistoryChange,
  linesOf,
  openEnds,
  plannerBuild,
  readDecisions,
  readExcerpt,
  readLog,
  recordedWaits,
  replay,
  type ReplayedDecision,
  schedulerEntities,
  simulateHistory,
  UnreadableLog,
} from '#scheduler';

import { withDatabase } from './with-database.js';

const FOUND = 1;

/** What a file of `--policy` holds. */
class ChangeInFile {
  @ObjectField(() => PlanningPolicyDto, { description: 'The fields of the policy that differ.', optional: true })
  readonly policy?: PlanningPolicyDto;

  @ObjectField(() => CapacityDto, { description: 'More resources than the cluster had.', optional: true })
  readonly addCapacity?: CapacityDto;
}

/** The options of the command `replay`, as they were given. */
export interface ReplayOptions {
  readonly cluster?: string;
  readonly file?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly verify?: true;
  readonly head?: string;
  readonly export?: string;
  readonly policy?: string;
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
  if (options.policy !== undefined) return simulated(excerpt, options, readChange(options.policy));
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

async function fromDatabase(em: EntityManager, { cluster = '', ...options }: ReplayOptions): Promise<DecisionExcerpt> {
  const { fromMs, toMs } = rangeOf(options);
  const log = isId(cluster) ? await readLog(em, cluster, options.verify === true ? 0 : fromMs) : null;
  if (log === null) throw new CommandError(`No decision of a cluster ${cluster} is kept.`);
  const isPlayed = options.export !== undefined || options.policy !== undefined;
  return isPlayed ? { ...log, deployments: await readHistory(em, cluster, { fromMs, toMs }) } : log;
}

/** Plans again, and reports the first difference. */
async function replayed(excerpt: DecisionExcerpt, options: ReplayOptions): Promise<number> {
  const range = rangeOf(options);
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

/** Plays the recorded time with another policy or capacity, beside the same with what was recorded. */
async function simulated(
  { decisions, deployments = [] }: DecisionExcerpt,
  options: ReplayOptions,
  change: HistoryChange,
): Promise<number> {
  const range = rangeOf(options);
  const snapshots: Snapshot[] = [];
  for await (const { snapshot } of readDecisions(decisions)) {
    if (snapshot.nowMs >= range.fromMs && snapshot.nowMs <= range.toMs) snapshots.push(snapshot);
  }
  const [first, ...others] = snapshots;
  if (first === undefined) throw new CommandError('No pass was recorded in this time.');
  const last = others.at(-1) ?? first;
  const history: History = { fromMs: first.nowMs, toMs: last.nowMs, deployments, snapshots: [first, ...others] };
  const report = {
    from: new Date(first.nowMs).toISOString(),
    to: new Date(last.nowMs).toISOString(),
    deployments: deployments.length,
    openEnds: openEnds(history),
    happened: recordedWaits(history),
    recordedPolicy: simulateHistory(history, {}),
    otherPolicy: simulateHistory(history, change),
  };
  return print(report, true);
}

function readChange(path: string): HistoryChange {
  const { value, errors } = readDto(ChangeInFile, jsonIn(path), 'json');
  const [first] = errors;
  if (first !== undefined) throw new CommandError(`${path}: ${first.pointer} ${first.message}`);
  const { policy = {}, addCapacity } = value;
  return { policy, addCapacity: addCapacity === undefined ? {} : toAmounts(addCapacity) };
}

function jsonIn(path: string): unknown {
  try {
    return parseStrictJson(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(`${path} is no JSON file: ${String(error)}`);
  }
}

function rangeOf({ from, to }: Pick<ReplayOptions, 'from' | 'to'>): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: from?.getTime() ?? 0, toMs: to?.getTime() ?? Date.now() };
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
