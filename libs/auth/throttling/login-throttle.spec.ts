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
  const REFUSED = { code: 'AUTH.TOO_MANY_ATTEMPTS' };

  it('refunds an abandoned attempt, at its address and across addresses', async () => {
    // More at each address than are free there, and more over all addresses than are free.
    for (let i = 0; i < 30; i++) await (await throttle.admit('ada', `192.0.2.${i % 5}`, false)).abandoned();
  });

  /** Strangers fail at more addresses than the shared attempts allow. */
  const attack = async (login: string): Promise<void> => {
    for (let i = 0; i < 11; i++) await (await throttle.admit(login, `10.0.${i}.1`, false)).failed();
  };

  it('leaves each network three attempts a day of its own after strangers have used up the shared ones', async () => {
    await attack('grace');
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
      await (await throttle.admit('grace', address, false)).failed();
    }
    await expect(throttle.admit('grace', '198.51.100.4', false)).rejects.toMatchObject(REFUSED);
    await expect(throttle.admit('grace', '203.0.113.1', false)).resolves.toBeDefined();
  });

  it('returns an own attempt that succeeded or was abandoned', async () => {
    await attack('edsger');
    for (let i = 0; i < 5; i++) {
      await (await throttle.admit('edsger', '198.51.100.1', false)).succeeded();
      await (await throttle.admit('edsger', '198.51.100.1', false)).abandoned();
    }
  });

  it('returns an attempt of its network that was abandoned', async () => {
    await attack('barbara');
    const login = (): Promise<unknown> => throttle.admit('barbara', '198.51.100.9', false);
    for (let i = 0; i < 3; i++) await (await throttle.admit('barbara', '198.51.100.8', false)).abandoned();
    await expect(login()).resolves.toBeDefined();
  });

  it('protects known addresses from the failures of strangers, on the account and at the address', async () => {
    await attack('alan');
    const failing = new LoginThrottle(counters, new RateLimits({ ...rates, rateLoginFailuresPerMinute: 2 }));
    for (const name of ['x', 'y']) await (await failing.admit(name, '192.0.2.77', false)).failed();
    await expect(failing.admit('alan', '192.0.2.77', false)).rejects.toMatchObject(REFUSED);
    await expect(failing.admit('alan', '192.0.2.77', true)).resolves.toBeDefined();
  });
});
