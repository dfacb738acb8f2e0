import { describe, expect, it } from '@jest/globals';

import { StreamPlaces } from './stream-places.js';

const codeOf = (take: () => unknown): unknown => {
  try {
    take();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the places of streams', () => {
  it('refuses an account, an organization and the process beyond their limits, each by its own', () => {
    const places = new StreamPlaces({ process: 6, account: 2, organization: 3 });
    places.take('ann', 'one');
    places.take('ann', 'two');
    expect(codeOf(() => places.take('ann', 'three'))).toBe('EVENTS.STREAM_LIMIT_REACHED');
    places.take('ben', 'one');
    places.take('cem', 'one');
    expect(codeOf(() => places.take('dan', 'one'))).toBe('EVENTS.STREAM_LIMIT_REACHED');
    places.take('dan', 'two');
    places.take('eve', 'two');
    expect(codeOf(() => places.take('fay', 'four'))).toBe('EVENTS.TOO_MANY_STREAMS');
  });

  it('returns a place once for any number of releases', () => {
    const places = new StreamPlaces({ process: 9, account: 1, organization: 9 });
    const release = places.take('ann', 'one');
    release();
    places.take('ann', 'one');
    release();
    expect(codeOf(() => places.take('ann', 'one'))).toBe('EVENTS.STREAM_LIMIT_REACHED');
  });

  it('names the limit and the number of open streams in a refusal', () => {
    const places = new StreamPlaces({ process: 9, account: 1, organization: 9 });
    places.take('ann', 'one');
    expect(() => places.take('ann', 'two')).toThrow(
      expect.objectContaining({ facts: { of: 'account', open: 1, limit: 1, retryAfterSeconds: 5 } }),
    );
  });
});
