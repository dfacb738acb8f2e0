import { Injectable } from '@nestjs/common';

import { Database, pendingMigrations, sqlStateOf } from '#database';
import { defineErrors, Drain } from '#http';
import { Nudges } from '#queue';

import { type ReadyChecksDto, type ReadyDto, type StartedDto } from './health.dto.js';

/** Errors of health checks. */
export const HealthErrors = defineErrors('HEALTH', {
  NOT_READY: {
    kind: 'unavailable',
    title: 'Not ready',
    explanation: 'The process cannot serve now: `checks` says what it lacks, or it is stopping.',
  },
});

/** Says whether this process can serve. */
@Injectable()
export class HealthService {
  private hasStarted = false;

  constructor(
    private readonly database: Database,
    private readonly nudges: Nudges,
    private readonly drain: Drain,
  ) {}

  /** @throws HEALTH.NOT_READY without the database, with migrations pending, and while stopping */
  async ready(): Promise<ReadyDto> {
    // Whoever asks must hear it at once: it has only as long as the delay before the end.
    if (this.drain.isStopping) throw HealthErrors.NOT_READY.because(undefined, { isStopping: true });
    const [storage, isRedisUp] = await Promise.all([this.storage(), this.nudges.isReachable()]);
    const checks: ReadyChecksDto = { ...storage, redis: isRedisUp ? 'up' : 'down' };
    if (checks.database === 'down' || checks.migrations !== 'current') {
      throw HealthErrors.NOT_READY.because(undefined, { checks, isStopping: false });
    }
    this.hasStarted = true;
    return { status: isRedisUp ? 'ready' : 'degraded', checks };
  }

  /** @throws HEALTH.NOT_READY until the process can serve for the first time */
  async startup(): Promise<StartedDto> {
    if (!this.hasStarted) await this.ready();
    return { status: 'started' };
  }

  private async storage(): Promise<Pick<ReadyChecksDto, 'database' | 'migrations'>> {
    try {
      const pending = await pendingMigrations(this.database.orm);
      return { database: 'up', migrations: pending.length === 0 ? 'current' : 'pending' };
    } catch (error) {
      return { database: sqlStateOf(error) === '42P01' ? 'up' : 'down', migrations: 'unknown' };
    }
  }
}
