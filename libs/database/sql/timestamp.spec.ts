import { describe, expect, it } from '@jest/globals';

import { rfc3339 } from './timestamp.js';

describe('rfc3339', () => {
  it.each([
    ['2026-11-21 06:03:41.123456+00', '2026-11-21T06:03:41.123456Z'],
    ['2026-11-21 06:03:41+00', '2026-11-21T06:03:41Z'],
    ['2026-11-21 06:03:41.5+00', '2026-11-21T06:03:41.5Z'],
  ])('writes %s as %s', (text, written) => {
    expect(rfc3339(text)).toBe(written);
  });

  it('leaves nothing as nothing', () => {
    expect(rfc3339(null)).toBeNull();
  });

  it.each(['2026-11-21 06:03:41+02', '2026-11-21 06:03:41', 'infinity', '21/11/2026 06:03:41+00'])(
    'refuses %s',
    (text) => {
      expect(() => rfc3339(text)).toThrow(RangeError);
    },
  );
});
