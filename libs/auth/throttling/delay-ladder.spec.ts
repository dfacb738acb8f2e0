import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';

import { loadLocalSettings, type Settings } from '#config';

import { AbuseLimits } from './abuse-limits.js';
import { Counters } from './counters.js';
import { DelayLadder } from './delay-ladder.js';
import { PrincipalLimit } from './principal-limit.js';

// Nothing listens there: everything is counted in this process.
const settings = { ...loadLocalSettings({}), redisUrl: 'redis://127.0.0.1:1' } as unknown as Settings;
const counters = new Counters(settings);
afterAll(() => {
  counters.onApplicationShutdown();
});

describe('counters', () => {
  const limit = { name: 'counted', points: 3, seconds: 60 };

  it('count in this process while Redis is away, and say so', async () => {
    expect(counters.isShared).toBe(false);
    const counts = [];
    for (let i = 0; i < 4; i++) counts.push(await counters.add(limit, 'a'));
    expect(counts.map(({ isWithin }) => isWithin)).toEqual([true, true, true, false]);
    expect(counts.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
    await counters.clear(limit, 'a');
    await expect(counters.read(limit, 'a')).resolves.toMatchObject({ used: 0, remaining: 3, isWithin: true });
  });
});

describe('a delay ladder', () => {
  let key = 0;
  beforeEach(() => {
    key++;
  });
  const ladder = new DelayLadder(counters, { name: 'ladder', points: 3, seconds: 3600 }, 2);
  const climb = (): ReturnType<DelayLadder['climb']> => ladder.climb(String(key));

  it('gives so many attempts for nothing, and says which is the first and which the last', async () => {
    expect([await climb(), await climb(), await climb()]).toEqual([
      { kind: 'free', isFirst: true, isLast: false },
      { kind: 'free', isFirst: false, isLast: false },
      { kind: 'free', isFirst: false, isLast: true },
    ]);
  });

  it('makes all wait once an attempt that was not free has failed, each time twice as long, up to a limit', async () => {
    for (let i = 0; i < 3; i++) await ladder.fail(String(key), await climb());
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const step = await climb();
      if (step.kind === 'wait') waits.push(step.seconds);
      await new Promise((resolve) => setTimeout(resolve, (waits.at(-1) ?? 0) * 1000 + 50));
      const granted = await climb();
      expect(granted).toEqual({ kind: 'granted' });
      await ladder.fail(String(key), granted);
      if (waits.length === 2) break;
    }
    expect(waits).toEqual([1, 2]);
    await expect(climb()).resolves.toEqual({ kind: 'wait', seconds: 2 });
  }, 20_000);

  it('grants one of many that come at once after the free ones', async () => {
    const steps = await Promise.all(Array.from({ length: 50 }, climb));
    const kinds = steps.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'free')).toHaveLength(3);
    expect(kinds.filter((kind) => kind === 'granted')).toHaveLength(1);
  });

  it('forgets, and takes back an attempt that does not count', async () => {
    for (let i = 0; i < 10; i++) await ladder.giveBack(String(key), await climb());
    await expect(climb()).resolves.toMatchObject({ kind: 'free' });
    for (let i = 0; i < 10; i++) await climb();
    await ladder.forget(String(key), { kind: 'granted' });
    await expect(climb()).resolves.toEqual({ kind: 'free', isFirst: true, isLast: false });
  });
});

describe('the limit of a principal', () => {
  const limit = new PrincipalLimit(
    counters,
    new AbuseLimits(loadLocalSettings({ STOWAGE_RATE_REQUESTS_PER_SECOND: '5' })),
  );
  afterAll(() => {
    limit.onApplicationShutdown();
  });
  const headers: Record<string, string> = {};
  const reply = { header: (name: string, value: string) => (headers[name] = value) };

  it('lets so many requests a second pass, and says what is left', () => {
    for (let i = 0; i < 5; i++) limit.admit('p', reply);
    expect(headers).toEqual({ 'ratelimit-policy': '"requests";q=5;w=1', ratelimit: '"requests";r=0;t=1' });
    expect(() => limit.admit('p', reply)).toThrow(expect.objectContaining({ code: 'REQUEST.TOO_MANY' }));
    expect(() => limit.admit('q', reply)).not.toThrow();
  });

  it('lets them pass again a second later', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(() => limit.admit('p', reply)).not.toThrow();
  });
});
