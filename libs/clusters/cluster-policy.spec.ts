import { describe, expect, it } from '@jest/globals';

import { DEFAULT_POLICY } from '#packing';

import { POLICY_LIMITS, policyOf } from './cluster-policy.js';

describe('the policy of a cluster', () => {
  it('is the default where nobody set anything', () => {
    expect(policyOf({})).toEqual(DEFAULT_POLICY);
  });

  it('is what was set where something was, also when that is never', () => {
    expect(policyOf({ reserveAfterSeconds: null, searchSteps: 5 })).toEqual({
      ...DEFAULT_POLICY,
      reserveAfterSeconds: null,
      searchSteps: 5,
    });
  });

  it.each(Object.entries(POLICY_LIMITS))('has a default of %s within its range', (field, { min, max }) => {
    const value = policyOf({})[field as keyof typeof POLICY_LIMITS];
    expect(value).toBeGreaterThanOrEqual(min);
    expect(value).toBeLessThanOrEqual(max);
  });
});
