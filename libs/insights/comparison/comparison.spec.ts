import { describe, expect, it } from '@jest/globals';

import { orderSentence } from './comparison.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const pair = [
  { id: '1', name: 'a' },
  { id: '2', name: 'b' },
] as const;

const byAge = (queuedAtMs: number, otherQueuedAtMs: number): string =>
  orderSentence({ firstId: '1', passId: null, rule: { rule: 'age', queuedAtMs, otherQueuedAtMs } }, pair);

describe('the sentence of a comparison by age', () => {
  it('names a visible difference between two ages that are written alike', () => {
    expect(byAge(NOON, NOON + 60_000)).toBe(
      'a comes before b because the two ask for the same and it has waited longer: since 2026-01-01 12:00:00 UTC instead of 2026-01-01 12:01:00 UTC.',
    );
    expect(byAge(NOON, NOON + 60)).toBe(
      'a comes before b because the two ask for the same and it has waited a moment longer: both came at 2026-01-01 12:00:00 UTC.',
    );
    expect(byAge(NOON, NOON)).toBe(
      'a comes before b because the two ask for the same and came at the same moment, 2026-01-01 12:00:00 UTC; then the lower id is first.',
    );
  });
});
