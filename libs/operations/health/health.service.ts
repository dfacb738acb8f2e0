import { Injectable } from '@nestjs/common';

import { BackgroundTasks } from '#background';
import { Database, pendingMigrations, sqlStateOf } from '#database';
import { EventDelay } from '#events';
import { defineErrors, Drain } from '#http';
import { Nudges } from '#queue';

import { type EventDelayDto, type ReadyChecksDto, type ReadyDto, type StartedDto } from './health.dto.js';
import { StorageWatch } from '../storage/storage-watch.js';

/** Errors of health checks. */
export const HealthErrors = defineErrors('HEALTH', {
  NOT_READY: {
    kind: 'unavailable',
    title: 'Not ready',
    explanation: 'The process cannot serve now: it is stopping, or one of the `checks` failed.',
  },
});

/** The time between two checks, and the age from which the last check of the database counts as failed: it hangs. */
const CHECK_EVERY_MS = 1_000;
const STALE_MS = 5_000;

/** The delay of events from which a process is degraded: passes are open for seconds. */
const EVENTS_DELAYED_SECONDS = 10;

type StorageChecks = Pick<ReadyChecksDto, 'database' | 'migrations'>;

const DOWN: StorageChecks = { database: 'down', migrations: 'unknown' };

/** Checks every second whether this process can serve, and answers from the last checks: a load balancer does not wait for Redis. */
@Injectable()
export class HealthService {
  private hasStarted = false;
  private storage = DOWN;
  private storageCheckedMs: number | undefined;
  private redis: ReadyChecksDto['redis'] = 'down';

  constructor(
    private readonly database: Database,
    private readonly nudges: Nudges,
    private readonly drain: Drain,
    private readonly eventDelay: EventDelay,
    private readonly storageWatch: StorageWatch,
    tasks: BackgroundTasks,
  ) {
    tasks.add({ name: 'the check of the database', pauseMs: CHECK_EVERY_MS, run: () => this.checkStorage() });
    tasks.add({ name: 'the check of Redis', pauseMs: CHECK_EVERY_MS, run: () => this.checkRedis() });
  }

  /** @throws HEALTH.NOT_READY without the database, with migrations pending, and while stopping */
  async ready(): Promise<ReadyDto> {
    if (this.drain.isStopping) throw HealthErrors.NOT_READY.because(undefined, { isStopping: true });
    if (this.storageCheckedMs === undefined) await Promise.all([this.checkStorage(), this.checkRedis()]);
    const isStale = performance.now() - (this.storageCheckedMs ?? -Infinity) > STALE_MS;
    const eventsDelayedBy = this.longDelay();
    const events = eventsDelayedBy === null ? 'current' : 'delayed';
    const storage = this.storageWatch.isFull ? 'full' : 'free';
    const checks: ReadyChecksDto = { ...(isStale ? DOWN : this.storage), redis: this.redis, events, storage };
    if (checks.migrations !== 'current') throw HealthErrors.NOT_READY.because(undefined, { checks, isStopping: false });
    this.hasStarted = true;
    const isWhole = checks.redis === 'up' && events === 'current' && storage === 'free';
    return { status: isWhole ? 'ready' : 'degraded', checks, eventsDelayedBy };
  }

  /** @throws HEALTH.NOT_READY until the process can serve for the first time */
  async startup(): Promise<StartedDto> {
    if (!this.hasStarted) await this.ready();
    return { status: 'started' };
  }

  private longDelay(): EventDelayDto | null {
    const delay = this.eventDelay.current();
    if (delay === null || delay.seconds < EVENTS_DELAYED_SECONDS) return null;
    return { ...delay, seconds: Math.floor(delay.seconds) };
  }

  private async checkStorage(): Promise<void> {
    try {
      const pending = await pendingMigrations(this.database.orm);
      this.storage = { database: 'up', migrations: pending.length === 0 ? 'current' : 'pending' };
    } catch (error) {
      this.storage = { database: sqlStateOf(error) === '42P01' ? 'up' : 'down', migrations: 'unknown' };
    }
    this.storageCheckedMs = performance.now();
  }

  private async checkRedis(): Promise<void> {
    this.redis = (await this.nudges.isReachable()) ? 'up' : 'down';
  }
}
