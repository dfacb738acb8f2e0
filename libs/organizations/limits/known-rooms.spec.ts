import { describe, expect, it } from '@jest/globals';

import { KnownRooms } from './known-rooms.js';

describe('the known room below a limit', () => {
  it('refuses an organization whose room was not read', () => {
    expect(new KnownRooms(10).take('a', 1)).toBe(false);
  });

  it('subtracts each amount, and refuses near the limit', () => {
    const rooms = new KnownRooms(10);
    expect(rooms.remember('a', 15)).toBe(true);
    expect([3, 3, 2, 1].map((amount) => rooms.take('a', amount))).toEqual([true, false, true, false]);
  });

  it('forgets a room that has become small', () => {
    const rooms = new KnownRooms(10);
    rooms.remember('a', 100);
    expect(rooms.remember('a', 9)).toBe(false);
    expect(rooms.take('a', 1)).toBe(false);
  });

  it('keeps a limited number of organizations, and forgets the oldest', () => {
    const rooms = new KnownRooms(1);
    for (let index = 0; index <= 10_000; index++) rooms.remember(String(index), 100);
    expect([rooms.take('0', 1), rooms.take('1', 1)]).toEqual([false, true]);
  });
});
