import { describe, expect, it } from '@jest/globals';

import { type Claim, type WaitingShape } from '#packing';

import { claimsAfter } from './kept-claims.js';

const shape = { priority: 90, request: { cpuMillis: 50, memoryMib: 0, gpuMillis: 0 }, maxRuntimeSeconds: null };
const claim = (count: number, sinceMs: number): Claim => ({ ...shape, count, sinceMs, untilMs: sinceMs + 30_000 });
const waiting = (count: number): WaitingShape[] =>
  count === 0 ? [] : [{ ...shape, count, oldest: { id: 'one', queuedAtMs: 0 } }];

describe('the claims that stand after a pass', () => {
  it('are those of its plan', () => {
    const claims = [claim(1, 2)];
    const before = { isCordoned: false, waiting: waiting(3), claims: [claim(3, 1)] };
    expect(claimsAfter({ claims }, before)).toBe(claims);
  });

  it('are those of before while nothing may start, the older ones first, as many as wait', () => {
    const claims = [claim(2, 1), claim(2, 5)];
    const after = (count: number): readonly Claim[] =>
      claimsAfter({ claims: [] }, { isCordoned: true, waiting: waiting(count), claims });
    expect(after(9)).toEqual(claims);
    expect(after(3)).toEqual([claim(2, 1), claim(1, 5)]);
    expect(after(2)).toEqual([claim(2, 1)]);
    expect(after(0)).toEqual([]);
    expect(claimsAfter({ claims: [] }, { isCordoned: true, waiting: waiting(1) })).toEqual([]);
  });
});
