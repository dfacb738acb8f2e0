import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { LogFiles } from './log-files.js';
import { isAlive } from './process-identity.js';
import type { Program } from './program.js';
import { type Child, Supervisor } from './supervisor.js';

describe('Supervisor', () => {
  let directory: string;
  let supervisor: Supervisor;
  let running: readonly Child[];
  let said: string[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-supervisor-'));
    running = [];
    said = [];
    supervisor = new Supervisor({
      logs: new LogFiles(join(directory, 'logs')),
      say: (message) => said.push(message),
      onChange: (children) => {
        running = children;
      },
    });
  });

  afterEach(async () => {
    await supervisor.stop();
    rmSync(directory, { recursive: true });
  });

  function aProgram(name: string, script: string): Program {
    return {
      name,
      command: '/bin/sh',
      args: ['-c', script],
      env: { PATH: '/usr/bin:/bin' },
      cwd: directory,
      user: undefined,
      input: undefined,
      stop: [
        { signal: 'SIGTERM', waitMs: 5000 },
        { signal: 'SIGKILL', waitMs: 5000 },
      ],
    };
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 250 && !condition(); tries++) await sleep(20);
    expect(condition()).toBe(true);
  }

  it('fails the start when a program ends before all are up, and shows the end of its log', async () => {
    supervisor.start(aProgram('api', 'echo no such table >&2; exit 3'));
    await expect(supervisor.failure).rejects.toThrow(/api ended with exit code 3[^]*no such table/);
  });

  it('fails the start when there is no such program', async () => {
    supervisor.start({ ...aProgram('redis', ''), command: '/no/such/program' });
    await expect(supervisor.failure).rejects.toThrow(/redis could not be started: .*ENOENT/);
  });

  it('restarts a program that died, and reports both', async () => {
    supervisor.start(aProgram('worker', 'exec sleep 60'));
    supervisor.watch();
    const first = running[0]!;
    process.kill(first.pid, 'SIGKILL');
    await until(() => running.length === 1 && running[0]!.pid !== first.pid);
    expect(said).toEqual([
      'worker was ended by SIGKILL; it is started again in 0.5 s',
      `worker is started again (process ${running[0]!.pid})`,
    ]);
  });

  it('waits longer before each try in a row', async () => {
    supervisor.watch();
    supervisor.start(aProgram('worker', 'exit 1'));
    await until(() => said.some((message) => message.endsWith('in 1 s')));
    expect(said.filter((message) => message.includes('ended'))).toEqual([
      'worker ended with exit code 1; it is started again in 0.5 s',
      'worker ended with exit code 1; it is started again in 1 s',
    ]);
  });

  it('stops the last started first, and waits for each', async () => {
    const saysGoodbye = (name: string) =>
      `trap 'echo ${name} >> order; exit 0' TERM; echo up; while :; do sleep 0.02; done`;
    for (const name of ['postgres', 'redis', 'api', 'worker']) {
      supervisor.start(aProgram(name, saysGoodbye(name)));
    }
    await until(() => running.every(({ name }) => readFileSync(join(directory, 'logs', `${name}.log`), 'utf8') !== ''));
    await supervisor.stop();
    expect(readFileSync(join(directory, 'order'), 'utf8').split('\n')).toEqual([
      'worker',
      'api',
      'redis',
      'postgres',
      '',
    ]);
  });

  it('kills a program that does not stop in time', async () => {
    const stubborn = aProgram('worker', `trap '' TERM; echo up; while :; do sleep 0.02; done`);
    supervisor.start({ ...stubborn, stop: [{ signal: 'SIGTERM', waitMs: 200 }, ...stubborn.stop.slice(1)] });
    const worker = running[0]!;
    await until(() => readFileSync(join(directory, 'logs', 'worker.log'), 'utf8') !== '');
    await supervisor.stop();
    expect(isAlive(worker)).toBe(false);
    expect(running).toEqual([]);
  });

  it('passes input to a program on stdin, out of the list of processes', async () => {
    supervisor.start({ ...aProgram('redis', 'cat; exec sleep 60'), input: 'requirepass x\n' });
    await until(() => readFileSync(join(directory, 'logs', 'redis.log'), 'utf8') === 'requirepass x\n');
  });
});
