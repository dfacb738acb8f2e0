import { describe, expect, it } from '@jest/globals';

import { exactlyOne } from './exactly-one.js';

describe('exactlyOne', () => {
  it('returns the row of a statement that returned one', () => {
    expect(exactlyOne([7])).toBe(7);
  });

  it.each([[[]], [[7, 8]]])('refuses the rows %j', (rows) => {
    expect(() => exactlyOne<number>(rows)).toThrow('another number');
  });
});
