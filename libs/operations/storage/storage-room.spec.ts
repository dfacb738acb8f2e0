import { describe, expect, it } from '@jest/globals';

import { isFull, reserveOf } from './storage-room.js';

const GIB = 1024 ** 3;

describe('the reserve of a storage', () => {
  it.each([
    [1 * GIB, GIB / 4],
    [4 * GIB, GIB / 2],
    [100 * GIB, 5 * GIB],
  ])('keeps of %d bytes %d', (total, reserve) => {
    expect(reserveOf(total)).toBe(reserve);
  });

  it('counts a space as full below the reserve, and until a quarter more is free', () => {
    const total = 100 * GIB;
    let wasFull = false;
    const states = [6, 5, 4.9, 5.5, 6.2, 6.3, 5.5].map(
      (free) => (wasFull = isFull({ total, free: free * GIB }, wasFull)),
    );
    expect(states).toEqual([false, false, true, true, true, false, false]);
  });
});
