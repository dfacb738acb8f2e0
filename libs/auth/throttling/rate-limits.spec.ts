import { describe, expect, it } from '@jest/globals';

import { loadLocalSettings } from '#config';

import { RateLimits } from './rate-limits.js';

describe('rate limits', () => {
  it('defaults to room for 300 users behind one address, and to 100 failures per hour or minute', () => {
    expect(new RateLimits(loadLocalSettings({}))).toEqual({
      requests: { name: 'requests', points: 2000, seconds: 1 },
      register: { name: 'register', points: 600, seconds: 60 },
      taken: { name: 'taken', points: 30, seconds: 600 },
      unknownCodes: { name: 'invite-codes', points: 30, seconds: 600 },
      unknownCodesOfAddress: { name: 'invite-codes-address', points: 300, seconds: 600 },
      login: { name: 'login', points: 600, seconds: 60 },
      loginFailures: { name: 'login-failures', points: 100, seconds: 60 },
      refresh: { name: 'refresh', points: 3000, seconds: 60 },
      reset: { name: 'reset', points: 30, seconds: 60 },
      freeFailures: { name: 'login-pair', points: 10, seconds: 3600 },
      freeFailuresAcrossAddresses: { name: 'login-account', points: 100, seconds: 3600 },
      ownAttempts: { name: 'login-network', points: 3, seconds: 86_400 },
      maxDelaySeconds: 300,
    });
  });
});
