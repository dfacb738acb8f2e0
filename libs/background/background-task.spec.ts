import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { BackgroundTask, type BackgroundWork } from './background-task.js';
import { BackgroundTasks } from './background-tasks.js';

/** Work that runs `run` a number of times, and a promise of that moment. */
function repeated(times: number, run: (count: number) => Promise<unknown>): BackgroundWork & { done: Promise<void> } {
  let count = 0;
  let resolve: () => void = () => undefined;
  const done = new Promise<void>((ready) => (resolve = ready));
  return {
    name: 'the test',
    pauseMs: 0,
    done,
    run: async () => {
      count += 1;
      if (count === times) resolve();
      await run(count);
    },
  };
}

describe('BackgroundTask', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('repeats its work until a stop', async () => {
    let runs = 0;
    const work = repeated(3, () => Promise.resolve((runs += 1)));
    const task = new BackgroundTask(work);
    task.start();
    await work.done;
    await task.stop();
    const atStop = runs;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs).toBe(atStop);
  });

  it('waits for the current run on a stop, and begins no other', async () => {
    const events: string[] = [];
    let stopped: Promise<void> = Promise.resolve();
    const work = repeated(1, async () => {
      events.push('begin');
      stopped = task.stop().then(() => void events.push('stopped'));
      await new Promise((resolve) => setTimeout(resolve, 10));
      events.push('end');
    });
    const task: BackgroundTask = new BackgroundTask(work);
    task.start();
    await work.done;
    await stopped;
    expect(events).toEqual(['begin', 'end', 'stopped']);
  });

  it('ends a pause at once on a stop', async () => {
    const work = { ...repeated(1, () => Promise.resolve()), pauseMs: 60_000 };
    const task = new BackgroundTask(work);
    task.start();
    await work.done;
    const startedMs = performance.now();
    await task.stop();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('logs one warning with its name for a run that fails, and runs again', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const work = repeated(2, (count) => (count === 1 ? Promise.reject(new Error('no connection')) : Promise.resolve()));
    const task = new BackgroundTask(work);
    task.start();
    await work.done;
    await task.stop();
    expect(warn.mock.calls).toEqual([['the test failed, and will run again: Error: no connection']]);
  });

  it('runs again when the length of its pause cannot be read', async () => {
    const work = { ...repeated(2, () => Promise.resolve()), pauseMs: () => Promise.reject(new Error('no connection')) };
    const task = new BackgroundTask(work);
    task.start();
    await work.done;
    await task.stop();
  });

  it('waits after a paced step for a multiple of its duration', async () => {
    const task = new BackgroundTask(repeated(1, () => Promise.resolve()));
    const startedMs = performance.now();
    await task.paced(10, () => new Promise((resolve) => setTimeout(resolve, 20)));
    expect(performance.now() - startedMs).toBeGreaterThan(150);
  });
});

describe('BackgroundTasks', () => {
  it('starts its tasks with the application, and stops all before the shutdown', async () => {
    const tasks = new BackgroundTasks();
    const works = [repeated(1, () => Promise.resolve()), repeated(1, () => Promise.resolve())];
    const added = works.map((work) => tasks.add(work));
    tasks.onApplicationBootstrap();
    await Promise.all(works.map(({ done }) => done));
    await tasks.beforeApplicationShutdown();
    expect(added.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });
});
