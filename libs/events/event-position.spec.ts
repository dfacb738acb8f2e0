import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compare, eventIdOf, type EventPosition, MAX_EVENT_ID, positionOf } from './event-position.js';

const number = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const place: fc.Arbitrary<EventPosition> = fc.record({ stamp: number, position: number });

describe('the id of an event', () => {
  it('encodes the position, and decodes to the same', () => {
    fc.assert(
      fc.property(place, (at) => {
        expect(positionOf(eventIdOf(at))).toEqual(at);
        expect(eventIdOf(at).length).toBeLessThanOrEqual(MAX_EVENT_ID);
      }),
    );
  });

  it.each([
    '',
    '1',
    '-',
    '1-',
    '-1',
    '1-2-3',
    '01-2',
    '1-+2',
    '1 -2',
    '1-2 ',
    '0x1-2',
    '9223372036854775808-1',
    '1-1e3',
  ])('refuses %j', (text) => {
    expect(positionOf(text)).toBeUndefined();
  });
});

describe('the order of events', () => {
  it('sorts by stamp, then by position, totally', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const byHand = a.stamp === b.stamp ? a.position - b.position : a.stamp - b.stamp;
        expect(Math.sign(compare(a, b))).toBe(byHand === 0n ? 0 : byHand < 0n ? -1 : 1);
        expect(compare(b, a) + compare(a, b)).toBe(0);
      }),
    );
  });
});
