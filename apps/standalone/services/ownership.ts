import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { end } from './managed-process.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import { stopPlanOf } from './program.js';
import { Stop } from './stop.js';
import type { Child } from './supervisor.js';

/** The record that the owner of a directory keeps for the next owner. */
export interface OwnerRecord {
  readonly owner: ProcessIdentity;
  readonly isStopping: boolean;
  /** Where it answers, once it does. */
  readonly address: string | undefined;
  /** The programs it runs, in the order of their start. */
  readonly children: readonly Child[];
}

const FILE = /^owner-(\d+)\.json$/;
/** A stop takes less than 20 s. */
const STOP_WAIT_MS = 25_000;
/** An owner whose npm or script was just killed notices within this time, and stops. */
const NOTICE_WAIT_MS = 1000;

/**
 * The one process that works with a directory. The programs that it started are known even when it was killed.
 *
 * Each owner has a record with a number of its own, one more than the last; a record is made complete and at once, or
 * not at all (a hard link). It is never deleted by its owner: of two processes that both see that the last owner is
 * dead, exactly one gets the next number, and no moment exists in which a third could believe that the place is empty.
 */
export class Ownership {
  private record: OwnerRecord;

  private constructor(
    private readonly directory: string,
    private readonly number: number,
    record: OwnerRecord,
  ) {
    this.record = record;
  }

  /**
   * Takes a directory: a free one, one whose owner is stopping (and waits for that), or one whose owner was killed: then
   * the programs that it left are ended first, and only those: each is known by pid and time of birth.
   *
   * @throws Stop when a living owner has it
   */
  static async take(directory: string, say: (message: string) => void): Promise<Ownership> {
    const folder = join(directory, 'run');
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const owner = identify(process.pid);
    if (owner === undefined) {
      throw new Stop(
        'This system does not tell when a process began: Stowage could not tell its own processes from others.',
      );
    }
    const record: OwnerRecord = { owner, isStopping: false, address: undefined, children: [] };
    for (;;) {
      const records = recordsIn(folder);
      const last = records.at(-1)?.number ?? 0;
      await gone(folder, last, say);
      const number = last + 1;
      if (create(folder, number, record)) {
        await clear(folder, records, say);
        return new Ownership(folder, number, record);
      }
    }
  }

  /** Whether the directory had an owner that is dead. */
  static isAbandoned(directory: string): boolean {
    const last = recordsIn(join(directory, 'run')).at(-1);
    return last !== undefined && !isAlive(last.record.owner);
  }

  /** Writes a change of the record. */
  note(change: Partial<Omit<OwnerRecord, 'owner'>>): void {
    this.record = { ...this.record, ...change };
    const path = join(this.directory, fileOf(this.number));
    const draft = join(this.directory, `.draft-${randomUUID()}`);
    writeFileSync(draft, JSON.stringify(this.record), { mode: 0o644 });
    renameSync(draft, path);
  }
}

const fileOf = (number: number): string => `owner-${String(number)}.json`;

interface NumberedRecord {
  readonly number: number;
  readonly record: OwnerRecord;
}

function recordsIn(folder: string): NumberedRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const number = Number(FILE.exec(name)?.[1] ?? 0);
      const record = number === 0 ? undefined : read(join(folder, name));
      return record === undefined ? [] : [{ number, record }];
    })
    .sort((a, b) => a.number - b.number);
}

function read(path: string): OwnerRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as OwnerRecord;
  } catch (error) {
    // Another process that took over may just have removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Stop(`${path} cannot be read (${String(error)}): if no Stowage runs on this directory, remove the file.`);
  }
}

function create(folder: string, number: number, record: OwnerRecord): boolean {
  const draft = join(folder, `.draft-${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(record), { mode: 0o644 });
  try {
    linkSync(draft, join(folder, fileOf(number)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/** Returns when the last owner is dead. @throws Stop when it lives and does not stop */
async function gone(folder: string, number: number, say: (message: string) => void): Promise<void> {
  const start = performance.now();
  for (let hasTold = false; ;) {
    const last = number === 0 ? undefined : read(join(folder, fileOf(number)));
    if (last === undefined || !isAlive(last.owner)) {
      return;
    }
    const who = `process ${String(last.owner.pid)}`;
    if (performance.now() - start > (last.isStopping ? STOP_WAIT_MS : NOTICE_WAIT_MS)) {
      const at = last.address === undefined ? '' : `, ${last.address}`;
      throw new Stop(
        `Stowage already runs on ${dirname(folder)} (${who}${at}). Stop it first, or name another directory with STOWAGE_DATA_DIR.`,
      );
    }
    if (last.isStopping && !hasTold) {
      say(`waiting for ${who}, which is just stopping`);
      hasTold = true;
    }
    await sleep(50);
  }
}

/** Ends what former owners left running, and forgets them. */
async function clear(
  folder: string,
  records: readonly NumberedRecord[],
  say: (message: string) => void,
): Promise<void> {
  for (const { number, record } of records) {
    for (const child of [...record.children].reverse()) {
      if (isAlive(child)) {
        const what = `${child.name} (process ${String(child.pid)})`;
        say(`ending ${what}, which a start that was killed left behind`);
        if (!(await end(child, stopPlanOf(child.name)))) {
          throw new Stop(`${what} was left by a start that was killed and cannot be ended: end it and try again.`);
        }
      }
    }
    rmSync(join(folder, fileOf(number)), { force: true });
  }
}
