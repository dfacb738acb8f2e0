import { Logger } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';

import { AfterPassQueue, type PassResult } from './after-pass-queue.js';

const resultOf = (clusterId: string, passId = 'pass'): PassResult =>
  ({ pass: { organizationId: 'organization', clusterId, passId } }) as PassResult;

describe('AfterPassQueue', () => {
  it('ends the work that has begun when the process stops, and begins no other', async () => {
    const handled: string[] = [];
    const queue = new AfterPassQueue();
    let stopped: Promise<void> = Promise.resolve();
    const begun = new Promise<void>((resolve) => {
      queue.add({
        name: 'the test',
        handle: ({ pass }) => {
          handled.push(pass.clusterId);
          stopped = queue.beforeApplicationShutdown();
          resolve();
          return Promise.resolve();
        },
      });
    });
    queue.put(resultOf('one'));
    queue.put(resultOf('two'));
    await begun;
    await stopped;
    queue.put(resultOf('three'));
    await queue.beforeApplicationShutdown();
    expect(handled).toEqual(['one']);
  });

  it('handles the next cluster, and all other work, when work on one has failed', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const handled: string[] = [];
    const queue = new AfterPassQueue();
    const done = new Promise<void>((resolve) => {
      const add = (name: string, isFailing: boolean): void =>
        queue.add({
          name,
          handle: ({ pass }) => {
            handled.push(`${name} ${pass.clusterId}`);
            if (handled.length === 4) resolve();
            return isFailing ? Promise.reject(new Error('no connection')) : Promise.resolve();
          },
        });
      add('failing', true);
      add('working', false);
    });
    queue.put(resultOf('one'));
    queue.put(resultOf('two'));
    await done;
    await queue.beforeApplicationShutdown();
    expect(handled.sort()).toEqual(['failing one', 'failing two', 'working one', 'working two']);
  });

  it('handles only the newest pass on a cluster', async () => {
    const queue = new AfterPassQueue();
    const handled = new Promise<string>((resolve) => {
      queue.add({
        name: 'the test',
        handle: ({ pass }) => {
          resolve(pass.passId);
          return Promise.resolve();
        },
      });
    });
    queue.put(resultOf('one', 'first'));
    queue.put(resultOf('one', 'second'));
    expect(await handled).toBe('second');
    await queue.beforeApplicationShutdown();
  });
});
