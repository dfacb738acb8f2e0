import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type LoopLag } from '#telemetry';

import { testSettings } from '../testing/test-app.js';
import { BigBodies } from './big-bodies.js';
import { BIG_BODY_BYTES, BodyBytes } from './body-bytes.js';
import { BodyIntake } from './body-intake.js';
import { BODY_PACE, collect, type Collecting } from './collect.js';
import { Turns } from './turns.js';

const MIB = 1024 * 1024;
const settings = testSettings({
  STOWAGE_BODY_MIB_ANONYMOUS: '1',
  STOWAGE_BODY_MIB_PER_ACCOUNT: '8',
  STOWAGE_BODY_MIB_TOTAL: '10',
  STOWAGE_BIG_BODIES_PER_ACCOUNT: '2',
});

/** The code of what a function throws, or `yes`. */
function codeOf(run: () => void): string {
  try {
    run();
    return 'yes';
  } catch (error) {
    return String((error as { readonly code?: unknown }).code);
  }
}

describe('the bytes of bodies', () => {
  it('limits each account, requests without one, and big bodies in all', () => {
    const bytes = new BodyBytes(settings);
    const one = bytes.lease('a');
    expect(codeOf(() => one.add(8 * MIB))).toBe('yes');
    expect(codeOf(() => one.add(1))).toBe('REQUEST.TOO_MANY');
    expect(codeOf(() => bytes.lease('a').add(1))).toBe('REQUEST.TOO_MANY');
    expect(codeOf(() => bytes.lease('b').add(3 * MIB))).toBe('REQUEST.BUSY');
    expect(codeOf(() => bytes.lease('b').add(BIG_BODY_BYTES))).toBe('yes');
    expect(codeOf(() => bytes.lease(undefined).add(MIB))).toBe('yes');
    expect(codeOf(() => bytes.lease(undefined).add(1))).toBe('REQUEST.BUSY');
    one.release();
    one.release();
    expect(codeOf(() => bytes.lease('a').add(8 * MIB))).toBe('yes');
  });

  it('counts all bytes of a big body as big', () => {
    const bytes = new BodyBytes(settings);
    for (const account of ['a', 'b']) {
      const lease = bytes.lease(account);
      for (let sum = 0; sum < 5 * MIB; sum += BIG_BODY_BYTES) lease.add(BIG_BODY_BYTES);
    }
    expect(codeOf(() => bytes.lease('c').add(BIG_BODY_BYTES + 1))).toBe('REQUEST.BUSY');
  });
});

describe('places for big bodies', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('lets a few of one account wait for a place, and refuses more; others have places of their own', async () => {
    const places = new BigBodies(settings, { ms: 0 } as LoopLag);
    const [free] = await Promise.all([places.enter('a'), places.enter('a')]);
    const order: number[] = [];
    const waiting = Array.from({ length: 16 }, async (_, index) => {
      const end = await places.enter('a');
      order.push(index);
      end();
    });
    await expect(places.enter('a')).rejects.toMatchObject({ code: 'REQUEST.TOO_MANY' });
    await places.enter('b');
    expect(order).toEqual([]);
    free();
    free();
    await Promise.all(waiting);
    expect(order).toEqual(Array.from({ length: 16 }, (_, index) => index));
  });

  it('refuses what has waited for too long', async () => {
    const places = new BigBodies(settings, { ms: 0 } as LoopLag);
    await Promise.all([places.enter('a'), places.enter('a')]);
    const late = expect(places.enter('a')).rejects.toMatchObject({ code: 'REQUEST.TOO_MANY' });
    await jest.advanceTimersByTimeAsync(10_200);
    await late;
  });

  it('lets all wait while the event loop lags', async () => {
    const lag = { ms: settings.loopLagLimitMs + 1 };
    const places = new BigBodies(settings, lag as LoopLag);
    let isIn = false;
    const entering = places.enter('a').then(() => (isIn = true));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(isIn).toBe(false);
    lag.ms = 0;
    await jest.advanceTimersByTimeAsync(200);
    await entering;
    lag.ms = settings.loopLagLimitMs + 1;
    const refused = expect(places.enter('b')).rejects.toMatchObject({ code: 'REQUEST.BUSY' });
    await jest.advanceTimersByTimeAsync(10_200);
    await refused;
  });
});

describe('the admission of a body', () => {
  it('frees bytes and place of a big body when its request is answered, or has ended before', async () => {
    const intake = new BodyIntake(new Turns(), new BodyBytes(settings), new BigBodies(settings, { ms: 0 } as LoopLag));
    const raw = { headers: {} } as IncomingMessage;
    const answer = new EventEmitter();
    const begin = (to: object): ReturnType<BodyIntake['begin']> =>
      intake.begin({ raw, account: 'a', answer: to as ServerResponse });
    const first = begin(answer);
    await first.enter();
    first.lease.add(8 * MIB);
    first.leave();
    expect(codeOf(() => begin(answer).lease.add(1))).toBe('REQUEST.TOO_MANY');
    answer.emit('close');
    const gone = begin({ closed: true });
    await gone.enter();
    gone.lease.add(8 * MIB);
    expect(codeOf(() => begin(answer).lease.add(8 * MIB))).toBe('yes');
  });
});

describe('a body that is read', () => {
  const reading = (options: Partial<Collecting> = {}): { stream: PassThrough; body: Promise<Buffer> } => {
    const stream = new PassThrough();
    const body = collect(stream, { limit: MIB, count: () => undefined, whenBig: () => Promise.resolve(), ...options });
    return { stream, body };
  };

  it('waits for admission beyond 64 KiB', async () => {
    let admit: () => void = () => undefined;
    const { stream, body } = reading({ whenBig: async () => new Promise((resolve) => (admit = resolve)) });
    stream.write(Buffer.alloc(BIG_BODY_BYTES + 1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.isPaused()).toBe(true);
    admit();
    stream.end('x');
    expect(await body).toHaveLength(BIG_BODY_BYTES + 2);
  });

  it.each<[string, Partial<Collecting>, (stream: PassThrough) => unknown, string]>([
    ['is too large', { limit: 3 }, (stream) => stream.end('four'), 'REQUEST.TOO_LARGE'],
    ['is cut off', {}, (stream) => stream.destroy(), 'REQUEST.MALFORMED'],
    ['fails', {}, (stream) => stream.destroy(new Error('aborted')), 'REQUEST.MALFORMED'],
  ])('refuses a body that %s', async (_what, options, act, code) => {
    const { stream, body } = reading(options);
    act(stream);
    await expect(body).rejects.toMatchObject({ entry: { code } });
  });

  it('refuses a body whose connection had ended before reading', async () => {
    const stream = new PassThrough().destroy();
    const body = collect(stream, { limit: 1, count: () => undefined, whenBig: () => Promise.resolve() });
    await expect(body).rejects.toMatchObject({ entry: { code: 'REQUEST.MALFORMED' } });
  });

  it('keeps no byte that is refused', async () => {
    const refuse = (): void => {
      throw new Error('no room');
    };
    const { stream, body } = reading({ count: refuse });
    stream.write('x');
    await expect(body).rejects.toThrow('no room');
    expect(stream.isPaused()).toBe(true);
  });

  it('ends a body that is slower than the pace, and no other', async () => {
    jest.useFakeTimers();
    try {
      const slow = reading();
      const steady = reading();
      const refused = expect(slow.body).rejects.toMatchObject({ entry: { code: 'REQUEST.TIMEOUT' } });
      slow.stream.write('x');
      for (let ms = 0; ms < BODY_PACE.freeMs + 3_000; ms += 1_000) {
        steady.stream.write(Buffer.alloc(BODY_PACE.bytesPerSecond / 2));
        await jest.advanceTimersByTimeAsync(1_000);
      }
      await refused;
      steady.stream.end();
      await jest.advanceTimersByTimeAsync(1);
      expect(await steady.body).toHaveLength((BODY_PACE.bytesPerSecond / 2) * 13);
    } finally {
      jest.useRealTimers();
    }
  });
});
