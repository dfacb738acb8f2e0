import { describe, expect, it } from '@jest/globals';

import { isAtLeast, lowerRole, ROLES } from '#kernel';

describe('roles', () => {
  it('orders roles: viewer < developer < admin', () => {
    expect(ROLES).toEqual(['viewer', 'developer', 'admin']);
    for (const [i, a] of ROLES.entries()) {
      for (const [j, b] of ROLES.entries()) {
        expect(isAtLeast(a, b)).toBe(i >= j);
        expect(lowerRole(a, b)).toBe(i < j ? a : b);
      }
    }
  });
});
