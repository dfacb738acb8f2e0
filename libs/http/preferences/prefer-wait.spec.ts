import { describe, expect, it } from '@jest/globals';

import { MAX_WAIT_SECONDS, WaitPreference } from './prefer-wait.js';

const secondsOf = (header: string | undefined): number | null =>
  WaitPreference.parse(header, { header: () => undefined as never }).seconds;

describe('Prefer', () => {
  it.each<[string | undefined, number | null]>([
    ['wait=5', 5],
    ['wait=0', 0],
    ['WAIT = "7"', 7],
    ['respond-async, wait=10', 10],
    ['return=minimal; foo="bar", wait=3', 3],
    [`wait=${MAX_WAIT_SECONDS + 1}`, MAX_WAIT_SECONDS],
    ['wait=999999999', MAX_WAIT_SECONDS],
    [undefined, null],
    ['', null],
    ['wait', null],
    ['wait=', null],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['wait=five', null],
    ['await=5', null],
    ['wait=5x', null],
    [`${'x'.repeat(50_000)}wait=5`, null],
  ])('reads %j as a wait of %p seconds', (header, seconds) => {
    expect(secondsOf(header)).toBe(seconds);
  });
});
