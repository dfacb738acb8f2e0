import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Gauge, register } from 'prom-client';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

import { Settings } from '#config';

import { type Limit } from './rate-limits.js';

/** The longest that one count waits for Redis. */
const REDIS_TIMEOUT_MS = 100;

/** How long Redis is left alone after it failed once. */
const REDIS_PAUSE_MS = 1000;

/** What a counter says after it was asked. */
export interface Count {
  /** Whether the limit still holds. */
  readonly isWithin: boolean;
  readonly used: number;
  readonly remaining: number;
  /** Until the count starts again. */
  readonly resetMs: number;
}

/** One limit's two counters: the shared one, and the one that stands in for it. */
interface Pair {
  readonly shared: RateLimiterRedis;
  readonly local: RateLimiterMemory;
}

/** Counters whose last known value is kept for the time in which Redis cannot be asked. */
const MAX_REMEMBERED = 10_000;

/** The answer of a Redis that gave none. */
const AWAY = Symbol('away');

const METRIC = 'stowage_rate_limits_shared';

/**
 * Counts what callers try, in Redis for all processes together. While Redis is away (or slower than {@link REDIS_TIMEOUT_MS}) each
 * process counts for itself, and adds that later: limits never vanish and nobody waits, and the metric `stowage_rate_limits_shared` is 0.
 */
@Injectable()
export class Counters implements OnApplicationShutdown {
  private readonly redis: Redis;
  private readonly pairs = new Map<string, Pair>();
  private readonly lastSeen = new Map<string, { readonly used: number; readonly endsMs: number }>();
  private awayUntil = 0;

  constructor(private readonly settings: Settings) {
    this.redis = new Redis(settings.redisUrl, {
      connectionName: 'stowage-rate-limits',
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: REDIS_TIMEOUT_MS,
      connectTimeout: 2000,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    });
    // Without a listener the first refused connection would end the process; the metric says what there is to say.
    this.redis.on('error', () => undefined);
    const isShared = (): number => (this.isShared ? 1 : 0);
    register.removeSingleMetric(METRIC);
    new Gauge({
      name: METRIC,
      help: 'Whether rate limits are counted for all processes together (1), or by this process alone because Redis is away (0)',
      collect() {
        this.set(isShared());
      },
    });
  }

  /** Whether counting is shared at this moment. */
  get isShared(): boolean {
    return this.redis.status === 'ready' && Date.now() >= this.awayUntil;
  }

  /** Counts `points` more, atomically. @param lifetimeSeconds of a counter that starts now, instead of the limit's */
  async add(limit: Limit, key: string, points = 1, lifetimeSeconds?: number): Promise<Count> {
    const { shared, local } = this.pairOf(limit);
    const options = lifetimeSeconds === undefined ? {} : { customDuration: lifetimeSeconds };
    const counted = await this.ask(() => shared.penalty(key, points, options));
    const here = counted === AWAY ? await local.penalty(key, points, options) : await local.get(key);
    return this.countOf(limit, key, counted, here);
  }

  /** What was counted, without counting. */
  async read(limit: Limit, key: string): Promise<Count> {
    const { shared, local } = this.pairOf(limit);
    const counted = await this.ask(() => shared.get(key));
    return this.countOf(limit, key, counted, await local.get(key));
  }

  /** Sets a counter, for so long. */
  async set(limit: Limit, key: string, points: number, lifetimeSeconds: number): Promise<void> {
    const { shared, local } = this.pairOf(limit);
    const isAway = (await this.ask(() => shared.set(key, points, lifetimeSeconds))) === AWAY;
    this.lastSeen.delete(`${limit.name}:${key}`);
    await (isAway ? local.set(key, points, lifetimeSeconds) : local.delete(key));
  }

  /** Forgets what was counted. */
  async clear(limit: Limit, key: string): Promise<void> {
    const { shared, local } = this.pairOf(limit);
    this.lastSeen.delete(`${limit.name}:${key}`);
    await Promise.all([this.ask(() => shared.delete(key)), local.delete(key)]);
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  private async ask<T>(question: () => Promise<T>): Promise<T | typeof AWAY> {
    if (!this.isShared) return AWAY;
    try {
      return await question();
    } catch {
      this.awayUntil = Date.now() + REDIS_PAUSE_MS;
      return AWAY;
    }
  }

  private pairOf({ name, points, seconds }: Limit): Pair {
    let pair = this.pairs.get(name);
    if (pair === undefined) {
      const options = { keyPrefix: `${this.settings.queuePrefix}:limit:${name}`, points, duration: seconds };
      pair = {
        shared: new RateLimiterRedis({ ...options, storeClient: this.redis }),
        local: new RateLimiterMemory(options),
      };
      this.pairs.set(name, pair);
    }
    return pair;
  }

  /**
   * What was counted for all and what was counted here while Redis was away add up, and of what cannot be read the last known value counts:
   * no outage makes anybody's count smaller.
   */
  private countOf(
    { name, points, seconds }: Limit,
    key: string,
    counted: RateLimiterRes | null | typeof AWAY,
    here: RateLimiterRes | null,
  ): Count {
    const now = Date.now();
    const place = `${name}:${key}`;
    if (counted !== AWAY) this.remember(place, counted, now);
    const seen = this.lastSeen.get(place);
    const shared = seen !== undefined && seen.endsMs > now ? seen : { used: 0, endsMs: 0 };
    const used = shared.used + (here?.consumedPoints ?? 0);
    const resetMs = Math.max(shared.endsMs - now, here?.msBeforeNext ?? 0);
    return {
      isWithin: used <= points,
      used,
      remaining: Math.max(0, points - used),
      resetMs: resetMs > 0 ? resetMs : seconds * 1000,
    };
  }

  private remember(place: string, counted: RateLimiterRes | null, now: number): void {
    this.lastSeen.delete(place);
    if (counted === null || counted.msBeforeNext <= 0) return;
    this.lastSeen.set(place, { used: counted.consumedPoints, endsMs: now + counted.msBeforeNext });
    if (this.lastSeen.size <= MAX_REMEMBERED) return;
    const [oldest] = this.lastSeen.keys();
    if (oldest !== undefined) this.lastSeen.delete(oldest);
  }
}
