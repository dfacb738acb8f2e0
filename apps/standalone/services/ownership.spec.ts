import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Ownership } from './ownership.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

const DEAD: ProcessIdentity = { pid: 2 ** 22 + 1, began: 'never' };

describe('Ownership', () => {
  let directory: string;
  let sleepers: ChildProcess[];
  let said: string[];
  const say = (message: string): void => {
    said.push(message);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-ownership-'));
    mkdirSync(join(directory, 'run'));
    sleepers = [];
    said = [];
  });

  afterEach(() => {
    sleepers.forEach((sleeper) => sleeper.kill('SIGKILL'));
    rmSync(directory, { recursive: true });
  });

  function aSleeper(): ProcessIdentity {
    const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
    sleepers.push(sleeper);
    return identify(sleeper.pid!)!;
  }

  function aRecord(
    number: number,
    owner: ProcessIdentity,
    children: (ProcessIdentity & { name: string })[] = [],
  ): void {
    const record = { owner, isStopping: false, address: 'http://127.0.0.1:3000', children };
    writeFileSync(join(directory, 'run', `owner-${number}.json`), JSON.stringify(record));
  }

  it('refuses a directory while its owner lives, and names process and address', async () => {
    const owner = aSleeper();
    aRecord(1, owner);
    await expect(Ownership.take(directory, say)).rejects.toThrow(
      `Stowage already runs on ${directory} (process ${owner.pid}, http://127.0.0.1:3000)`,
    );
  });

  it('waits for an owner whose script was just killed and who ends a moment later', async () => {
    const owner = aSleeper();
    aRecord(1, owner);
    setTimeout(() => sleepers[0]?.kill('SIGKILL'), 200);
    await expect(Ownership.take(directory, say)).resolves.toBeDefined();
  });

  it('passes from a killed owner, whose programs are ended first', async () => {
    const worker = aSleeper();
    aRecord(7, DEAD, [{ name: 'worker', ...worker }]);
    await Ownership.take(directory, say);
    expect(isAlive(worker)).toBe(false);
    expect(said).toEqual([`ending worker (process ${worker.pid}), which a start that was killed left behind`]);
    expect(readdirSync(join(directory, 'run'))).toEqual(['owner-8.json']);
  });

  it('leaves a process alone that has the pid of a recorded one, but started later', async () => {
    const stranger = aSleeper();
    aRecord(1, DEAD, [{ name: 'worker', pid: stranger.pid, began: 'at another time' }]);
    await Ownership.take(directory, say);
    expect(isAlive(stranger)).toBe(true);
  });

  it('gives a directory to exactly one of many processes at the same moment', async () => {
    aRecord(3, DEAD);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => Ownership.take(directory, say)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('reports a directory as abandoned only when its owner is dead', () => {
    expect(Ownership.isAbandoned(directory)).toBe(false);
    aRecord(1, DEAD);
    expect(Ownership.isAbandoned(directory)).toBe(true);
    aRecord(2, aSleeper());
    expect(Ownership.isAbandoned(directory)).toBe(false);
  });

  it('records the running programs for the next owner', async () => {
    const ownership = await Ownership.take(directory, say);
    ownership.note({ children: [{ name: 'api', ...DEAD }], isStopping: true });
    expect(readdirSync(join(directory, 'run'))).toEqual(['owner-1.json']);
  });
});
