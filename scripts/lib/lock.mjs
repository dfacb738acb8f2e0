import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { say } from './progress.mjs';
import { Stop } from './project.mjs';

const WAIT_MS = 15 * 60_000;

/** Runs a step while no other process of this checkout runs one under the same lock file. */
export async function withLock(path, step) {
  await acquire(path);
  const release = () => rmSync(path, { force: true });
  process.on('exit', release);
  try {
    return await step();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function acquire(path) {
  mkdirSync(dirname(path), { recursive: true });
  const until = Date.now() + WAIT_MS;
  for (let told = false; ; told = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder === undefined) {
      rmSync(path, { force: true });
      continue;
    }
    if (Date.now() > until) {
      throw new Stop(
        `process ${holder} has been installing or building for very long; if it hangs, end it and remove ${path}`,
      );
    }
    if (!told) say(`waiting for process ${holder}, which is installing or building here`);
    await sleep(250);
  }
}

/** The process that holds the lock, or undefined when it is gone. */
function holderOf(path) {
  let pid;
  try {
    pid = Number(readFileSync(path, 'utf8'));
  } catch {
    return 'that just ended';
  }
  if (pid === 0) return 'that just began';
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? pid : undefined;
  }
}
