import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { clockOf, stop, stopFlag } from './task-clock.js';

describe('the clock of a task', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('stops the task when its time is over, and a part of the task no later', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const clock = clockOf(100);
    const [short, long] = [clock.within(10), clock.within(1_000)];
    expect([clock.shouldStop(), short(), long()]).toEqual([false, false, false]);
    now.mockReturnValue(1_010);
    expect([clock.shouldStop(), short(), long()]).toEqual([false, true, false]);
    now.mockReturnValue(1_100);
    expect([clock.shouldStop(), short(), long()]).toEqual([true, true, true]);
  });

  it('stops the task and its parts when the flag is set', () => {
    const flag = stopFlag();
    const clock = clockOf(60_000, flag);
    const part = clock.within(30_000);
    expect([clock.shouldStop(), part()]).toEqual([false, false]);
    stop(flag);
    expect([clock.shouldStop(), part()]).toEqual([true, true]);
  });
});
