import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Gauge, register } from 'prom-client';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

import { Settings } from '#config';

import { type Limit } from './rate-limits.js';

/** How long one count waits for Redis at most. */
const REDIS_TIMEOUT_MS = 100;

/** How long Redis is not asked after a failure. */
const REDIS_PAUSE_MS = 1000;

/** The state of a counter. */
export interface Count {
  /** Whether the count is within the limit. */
  readonly isWithin: boolean;
  readonly used: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

/** The two counters of a limit: the shared one, and the one of this process for outages of Redis. */
interface Pair {
  readonly shared: RateLimiterRedis;
  readonly local: RateLimiterMemory;
}

/** Number of counters whose last known value is kept for outages of Redis. */
const MAX_REMEMBERED = 10_000;

/** Stands for an answer that Redis did not give. */
const AWAY = Symbol('away');

const METRIC = 'stowage_rate_limits_shared';

/**
 * Counts attempts and requests in Redis, for all processes together. While Redis is away (or slower than {@link REDIS_TIMEOUT_MS}) each
 * process counts on its own: limits stay in force, no request waits, and the metric `stowage_rate_limits_shared` is 0.
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
    // Without a listener the first refused connection would end the process; the metric reports outages.
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

  /** Whether counts are shared at this moment. */
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

  /** Reads a counter without counting. */
  async read(limit: Limit, key: string): Promise<Count> {
    const { shared, local } = this.pairOf(limit);
    const counted = await this.ask(() => shared.get(key));
    return this.countOf(limit, key, counted, await local.get(key));
  }

  /** Sets a counter for the given time. */
  async set(limit: Limit, key: string, points: number, lifetimeSeconds: number): Promise<void> {
    const { shared, local } = this.pairOf(limit);
    const isAway = (await this.ask(() => shared.set(key, points, lifetimeSeconds))) === AWAY;
    this.lastSeen.delete(`${limit.name}:${key}`);
    await (isAway ? local.set(key, points, lifetimeSeconds) : local.delete(key));
  }

  /** Resets a counter. */
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
   * Adds the shared count and the count of this process during outages. While the shared count cannot be read its last known value is used, so
   * that no outage lowers a count.
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
