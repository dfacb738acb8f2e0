import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { RateLimits } from './rate-limits.js';
import { type HeaderSink, tellLimit, tooMany } from './address-limit.guard.js';
import { Counters } from './counters.js';

/** How often the counts of this process are added to the shared ones. */
const SHARE_EVERY_MS = 100;

/** The share of its limit below which a principal's count is not sent to Redis. */
const LEAST_SHARED = 0.01;

/** The requests of one principal in the present window. */
interface Usage {
  windowEndsMs: number;
  used: number;
  unshared: number;
}

/**
 * Limits the requests of each principal over all processes, without a request ever waiting for Redis: each process counts in memory, and adds
 * its counts to the shared ones ten times a second. So with several processes a principal may exceed the limit for a tenth of a second.
 */
@Injectable()
export class PrincipalLimit implements OnApplicationShutdown {
  private readonly usages = new Map<string, Usage>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly counters: Counters,
    private readonly limits: RateLimits,
  ) {
    this.timer = setInterval(() => void this.share(), SHARE_EVERY_MS);
    this.timer.unref();
  }

  /** Counts one request, and sends the rest of the limit in headers. @throws DomainError REQUEST.TOO_MANY */
  admit(principal: string, reply: HeaderSink): void {
    const limit = this.limits.requests;
    const now = Date.now();
    let usage = this.usages.get(principal);
    if (usage === undefined || usage.windowEndsMs <= now) {
      usage = { windowEndsMs: now + limit.seconds * 1000, used: 0, unshared: usage?.unshared ?? 0 };
      this.usages.set(principal, usage);
    }
    const resetMs = usage.windowEndsMs - now;
    tellLimit(reply, limit, { remaining: Math.max(0, limit.points - usage.used - 1), resetMs });
    if (usage.used >= limit.points) throw tooMany(limit, resetMs);
    usage.used++;
    usage.unshared++;
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async share(): Promise<void> {
    const limit = this.limits.requests;
    const now = Date.now();
    const leastShared = limit.points * LEAST_SHARED;
    const shares: Promise<void>[] = [];
    for (const [principal, usage] of this.usages) {
      if (usage.unshared >= leastShared) shares.push(this.shareOne(principal, usage));
      else if (usage.windowEndsMs <= now) this.usages.delete(principal);
    }
    await Promise.all(shares);
  }

  private async shareOne(principal: string, usage: Usage): Promise<void> {
    const points = usage.unshared;
    usage.unshared = 0;
    const { used, resetMs } = await this.counters.add(this.limits.requests, principal, points);
    if (used <= usage.used) return;
    usage.used = used;
    if (used >= this.limits.requests.points) usage.windowEndsMs = Math.max(usage.windowEndsMs, Date.now() + resetMs);
  }
}
