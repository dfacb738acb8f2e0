import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { loadLocalSettings, type Settings } from '#config';

import { RateLimits } from './rate-limits.js';
import { Counters } from './counters.js';
import { LoginBackoff } from './login-backoff.js';
import { PrincipalLimit } from './principal-limit.js';

// Nothing listens there: everything is counted in this process.
const settings = { ...loadLocalSettings({}), redisUrl: 'redis://127.0.0.1:1' } as unknown as Settings;
const counters = new Counters(settings);
afterAll(() => {
  counters.onApplicationShutdown();
});

describe('counters', () => {
  const limit = { name: 'counted', points: 3, seconds: 60 };

  it('counts in this process while Redis is away', async () => {
    expect(counters.isShared).toBe(false);
    const counts = [];
    for (let i = 0; i < 4; i++) counts.push(await counters.add(limit, 'a'));
    expect(counts.map(({ isWithin }) => isWithin)).toEqual([true, true, true, false]);
    expect(counts.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
    await counters.clear(limit, 'a');
    await expect(counters.read(limit, 'a')).resolves.toMatchObject({ used: 0, remaining: 3, isWithin: true });
  });
});

describe('the login back-off', () => {
  let key = 0;
  beforeEach(() => {
    key++;
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const backoff = new LoginBackoff(counters, { name: 'backoff', points: 3, seconds: 3600 }, 2);
  const reserve = (): ReturnType<LoginBackoff['reserve']> => backoff.reserve(String(key));

  it('gives the free attempts without a delay, and marks the first and the last', async () => {
    expect([await reserve(), await reserve(), await reserve()]).toEqual([
      { kind: 'free', isFirst: true, isLast: false },
      { kind: 'free', isFirst: false, isLast: false },
      { kind: 'free', isFirst: false, isLast: true },
    ]);
  });

  it('raises the delay twofold with each failure after the free ones, up to the limit', async () => {
    for (let i = 0; i < 3; i++) await backoff.fail(String(key), await reserve());
    for (const retryAfterSeconds of [1, 2, 2]) {
      await expect(reserve()).resolves.toEqual({ kind: 'refused', retryAfterSeconds });
      jest.advanceTimersByTime(retryAfterSeconds * 1000 + 50);
      const reservation = await reserve();
      expect(reservation).toEqual({ kind: 'delayed' });
      await backoff.fail(String(key), reservation);
    }
  });

  it('reserves one of many parallel attempts after the free ones', async () => {
    const reservations = await Promise.all(Array.from({ length: 50 }, reserve));
    const kinds = reservations.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'free')).toHaveLength(3);
    expect(kinds.filter((kind) => kind === 'delayed')).toHaveLength(1);
  });

  it('refunds an attempt that does not count, and resets after a success', async () => {
    for (let i = 0; i < 10; i++) await backoff.refund(String(key), await reserve());
    await expect(reserve()).resolves.toMatchObject({ kind: 'free' });
    for (let i = 0; i < 10; i++) await reserve();
    await backoff.reset(String(key), { kind: 'delayed' });
    await expect(reserve()).resolves.toEqual({ kind: 'free', isFirst: true, isLast: false });
  });
});

describe('the limit of a principal', () => {
  const limit = new PrincipalLimit(
    counters,
    new RateLimits(loadLocalSettings({ STOWAGE_RATE_REQUESTS_PER_SECOND: '5' })),
  );
  afterAll(() => {
    limit.onApplicationShutdown();
  });
  const headers: Record<string, string> = {};
  const reply = { header: (name: string, value: string) => (headers[name] = value) };

  it('allows the requests of one window, and sends the rest in headers', () => {
    for (let i = 0; i < 5; i++) limit.admit('p', reply);
    expect(headers).toEqual({ 'ratelimit-policy': '"requests";q=5;w=1', ratelimit: '"requests";r=0;t=1' });
    expect(() => limit.admit('p', reply)).toThrow(expect.objectContaining({ code: 'REQUEST.TOO_MANY' }));
    expect(() => limit.admit('q', reply)).not.toThrow();
  });

  it('allows requests again in the next window', () => {
    jest.useFakeTimers({ now: Date.now() + 1100 });
    expect(() => limit.admit('p', reply)).not.toThrow();
    jest.useRealTimers();
  });
});
