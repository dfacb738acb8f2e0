import { afterAll, describe, expect, it } from '@jest/globals';

import { loadLocalSettings, type Settings } from '#config';

import { RateLimits } from './rate-limits.js';
import { Counters } from './counters.js';
import { LoginThrottle } from './login-throttle.js';

// Nothing listens there: everything is counted in this process.
const rates = loadLocalSettings({});
const settings = { ...rates, redisUrl: 'redis://127.0.0.1:1' } as unknown as Settings;
const counters = new Counters(settings);
afterAll(() => {
  counters.onApplicationShutdown();
});

describe('the login throttle', () => {
  const limits = new RateLimits({ ...rates, freeLoginFailures: 3, freeAccountFailures: 10 });
  const throttle = new LoginThrottle(counters, limits);

  it('refunds an abandoned attempt, at its address and across addresses', async () => {
    // More at each address than are free there, and more over all addresses than are free.
    for (let i = 0; i < 30; i++) {
      const attempt = await throttle.admit('ada', `192.0.2.${i % 5}`);
      await expect(attempt.countAcrossAddresses()).resolves.toBeUndefined();
      await attempt.abandoned();
    }
  });
});
