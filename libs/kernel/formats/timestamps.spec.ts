import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isTimestamp } from './timestamps.js';

describe('timestamps', () => {
  it.each([
    ['2026-01-31T12:00:00Z', true],
    ['2026-01-31T12:00:00.123456789+05:45', true],
    ['2024-02-29T00:00:00Z', true],
    ['2000-02-29T00:00:00Z', true],
    ['9999-12-31T23:59:59Z', true],
    ['2023-02-29T00:00:00Z', false],
    ['1900-02-29T00:00:00Z', false],
    ['2026-02-31T00:00:00Z', false],
    ['2026-13-01T00:00:00Z', false],
    ['2026-00-01T00:00:00Z', false],
    ['2026-01-00T00:00:00Z', false],
    ['0000-01-01T00:00:00Z', false],
    ['2026-01-01T24:00:00Z', false],
    ['2026-01-01T23:60:00Z', false],
    ['2026-12-31T23:59:60Z', false],
    ['2026-01-01T00:00:00', false],
    ['2026-01-01T00:00:00+24:00', false],
    ['2026-01-01', false],
    ['2026-W10', false],
    ['20260301', false],
    ['1 Jan', false],
    ['2026-01-01 00:00:00Z', false],
    ['2026-01-01t00:00:00z', false],
    ['', false],
  ])('accepts the timestamp %j: %p', (value, expected) => {
    expect(isTimestamp(value)).toBe(expected);
  });

  it('accepts every instant of a Date between the years 1 and 9999', () => {
    const min = new Date('0001-01-01T00:00:00Z');
    const max = new Date('9999-12-31T23:59:59Z');
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
        expect(isTimestamp(date.toISOString())).toBe(true);
      }),
    );
  });
});
