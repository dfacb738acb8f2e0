import { describe, expect, it } from '@jest/globals';

import { unsupportedVersion } from './session-check.js';

describe('the version of PostgreSQL', () => {
  it.each([15, 16, 17, 18])('accepts %i', (version) => {
    expect(unsupportedVersion(version)).toBeUndefined();
  });

  it.each([14, 19])('refuses %i', (version) => {
    expect(unsupportedVersion(version)).toBe(`PostgreSQL must be 15 to 18, and is ${version}`);
  });
});
