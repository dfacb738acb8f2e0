import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { identify, isAlive } from './process-identity.js';

describe('identify and isAlive', () => {
  it('returns the same identity each time, and another for another process', () => {
    const own = identify(process.pid);
    expect(own).toBeDefined();
    expect(identify(process.pid)).toEqual(own);
    expect(identify(process.ppid)).not.toEqual(own);
  });

  it('returns undefined for an unused pid', () => {
    expect(identify(2 ** 22 + 1)).toBeUndefined();
  });

  it('reports an ended process as dead', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const identity = identify(child.pid!)!;
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
  });

  it('distinguishes a later process with the same pid', () => {
    expect(isAlive({ pid: process.pid, began: 'at another time' })).toBe(false);
  });
});
