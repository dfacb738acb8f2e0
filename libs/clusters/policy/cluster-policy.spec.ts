import { describe, expect, it } from '@jest/globals';

import { DEFAULT_POLICY } from '#packing';

import { merged, POLICY_LIMITS, policyOf } from './cluster-policy.js';

describe('the policy of a cluster', () => {
  it('takes the default of a field that was not set', () => {
    expect(policyOf({})).toEqual({
      ...DEFAULT_POLICY,
      defaultPriority: 50,
      priorityLimitByRole: { developer: 100, admin: 100 },
      defaultMaxRuntimeSeconds: null,
      maxRuntimeSecondsLimitByRole: { developer: null, admin: null },
      preemptibleBelowPriority: null,
    });
  });

  it('takes the value of a field that was set, null too, role by role', () => {
    expect(policyOf({ reserveAfterSeconds: null, searchSteps: 5, priorityLimitByRole: { developer: 0 } })).toEqual({
      ...policyOf({}),
      reserveAfterSeconds: null,
      searchSteps: 5,
      priorityLimitByRole: { developer: 0, admin: 100 },
    });
  });

  it('takes the limit of steps for a setting above the limit', () => {
    expect(policyOf({ searchSteps: 200_000 }).searchSteps).toBe(POLICY_LIMITS.searchSteps.max);
  });

  it('keeps the fields that a change does not name, role by role', () => {
    const before = merged({ searchSteps: 5 }, { maxRuntimeSecondsLimitByRole: { developer: 60 } });
    expect(merged(before, { maxRuntimeSecondsLimitByRole: { admin: 600 }, defaultPriority: 1 })).toEqual({
      searchSteps: 5,
      defaultPriority: 1,
      maxRuntimeSecondsLimitByRole: { developer: 60, admin: 600 },
    });
    expect(merged(before, { maxRuntimeSecondsLimitByRole: { developer: null } })).toMatchObject({
      maxRuntimeSecondsLimitByRole: { developer: null },
    });
  });

  it.each(Object.entries(POLICY_LIMITS))('has a default of %s within its range, or none', (field, { min, max }) => {
    const value = policyOf({})[field as keyof typeof POLICY_LIMITS];
    expect(value ?? min).toBeGreaterThanOrEqual(min);
    expect(value ?? max).toBeLessThanOrEqual(max);
  });
});
