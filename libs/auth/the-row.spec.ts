import { describe, expect, it } from '@jest/globals';

import { theRow } from './the-row.js';

describe('the row of a statement that returns one', () => {
  it('is that row, and anything else is a fault', () => {
    expect(theRow([7])).toBe(7);
    expect(() => theRow([])).toThrow('another number');
    expect(() => theRow([7, 8])).toThrow('another number');
  });
});
