import { afterAll, describe, expect, it } from '@jest/globals';

import { loadLocalSettings, type Settings } from '#config';

import { AbuseLimits } from './abuse-limits.js';
import { Counters } from './counters.js';
import { LoginThrottle } from './login-throttle.js';

// Nothing listens there: everything is counted in this process.
const rates = loadLocalSettings({});
const settings = { ...rates, redisUrl: 'redis://127.0.0.1:1' } as unknown as Settings;
const counters = new Counters(settings);
afterAll(() => {
  counters.onApplicationShutdown();
});

describe('an attempt that came to nothing', () => {
  const limits = new AbuseLimits({ ...rates, freeLoginFailures: 3, freeAccountFailures: 10 });
  const throttle = new LoginThrottle(counters, limits);

  it('counts neither against its address nor, from strange ones, against the account', async () => {
    // Several at each address, more than are free there, and more over all than are free to strangers.
    for (let i = 0; i < 30; i++) {
      const attempt = await throttle.admit('ada', `192.0.2.${i % 5}`);
      await expect(attempt.asStranger()).resolves.toBeUndefined();
      await attempt.abandoned();
    }
  });
});
