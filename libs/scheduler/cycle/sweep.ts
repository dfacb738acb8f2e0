import { Injectable } from '@nestjs/common';

import { BackgroundTasks } from '#background';
import { Settings } from '#config';
import { Database, preferIndexes } from '#database';
import { DeploymentLifecycle } from '#deployments';
import { ClusterSignals } from '#queue';

import { ClusterSchedules } from '../snapshot/cluster-schedules.js';
import { PassAdmission } from './pass-admission.js';

/** However much is due, the database is asked no more often. */
const MIN_INTERVAL_MS = 20;

/**
 * Finds what a lost nudge left, and what is due by time, and lets it wait for its turn: it serves nothing itself, and waits for no pass.
 *
 * Lives in the worker's process and asks PostgreSQL: a repeatable job would live in Redis, and die with it without a word.
 */
@Injectable()
export class Sweep {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly signals: ClusterSignals,
    private readonly deployments: DeploymentLifecycle,
    private readonly schedules: ClusterSchedules,
    private readonly admission: PassAdmission,
    tasks: BackgroundTasks,
  ) {
    tasks.add({ name: 'a sweep', run: () => this.sweepOnce(), pauseMs: () => this.untilNextMs() });
  }

  /** Looks once. A cluster whose pass has failed is left alone for an interval. */
  async sweepOnce(): Promise<void> {
    const clusters = await this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      return new Set([
        ...(await this.signals.clustersWaiting(tx)),
        ...(await this.deployments.firstDue(tx)).filter(({ inMs }) => inMs <= 0).map(({ clusterId }) => clusterId),
        ...(await this.schedules.clustersDue(tx)),
      ]);
    });
    for (const clusterId of this.admission.exempt()) clusters.delete(clusterId);
    await this.admission.offer([...clusters]);
  }

  /**
   * An interval, or less where something is due before: a time limit, a promised start. What is overdue where passes fail, or where one waits
   * for its turn, does not shorten it.
   */
  private async untilNextMs(): Promise<number> {
    const interval = this.settings.sweepIntervalMs;
    try {
      return await this.database.transaction(async (tx) => {
        await preferIndexes(tx);
        const exempt = this.admission.exempt();
        const firsts = await this.deployments.firstDue(tx);
        const due = firsts.filter(({ clusterId }) => !exempt.has(clusterId)).map(({ inMs }) => inMs);
        const wake = (await this.schedules.untilNextMs(tx, [...exempt])) ?? interval;
        return Math.max(
          MIN_INTERVAL_MS,
          due.reduce((least, inMs) => Math.min(least, inMs), Math.min(interval, wake)),
        );
      });
    } catch {
      return interval;
    }
  }
}
