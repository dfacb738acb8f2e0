import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { identify, isAlive } from './process-identity.js';

describe('the identity of a process', () => {
  it('is the same whenever it is asked for, and tells two processes apart', () => {
    const own = identify(process.pid);
    expect(own).toBeDefined();
    expect(identify(process.pid)).toEqual(own);
    expect(identify(process.ppid)).not.toEqual(own);
  });

  it('is not had by a pid that nobody has', () => {
    expect(identify(2 ** 22 + 1)).toBeUndefined();
  });

  it('dies with its process', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const identity = identify(child.pid!)!;
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
  });

  it('is not that of a later process with the same pid', () => {
    expect(isAlive({ pid: process.pid, began: 'at another time' })).toBe(false);
  });
});
