import { Injectable, Logger } from '@nestjs/common';

import { type BackgroundTask, BackgroundTasks } from '#background';
import { Settings } from '#config';
import { Database, preferIndexes } from '#database';
import { DeploymentLifecycle } from '#deployments';
import { ClusterSignals } from '#queue';

import { ClusterSchedules } from '../snapshot/cluster-schedules.js';
import { PassRunner } from './pass-runner.js';

/** However much is due, the database is asked no more often. */
const MIN_INTERVAL_MS = 20;

/**
 * Finds what a lost nudge left, and what is due by time, and runs it here and now.
 *
 * Lives in the worker's process and asks PostgreSQL: a repeatable job would live in Redis, and die with it without a word.
 */
@Injectable()
export class Sweep {
  private readonly logger = new Logger(Sweep.name);
  private readonly task: BackgroundTask;
  /** Clusters whose passes have failed, and when they are tried again. */
  private readonly resting = new Map<string, number>();

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly signals: ClusterSignals,
    private readonly deployments: DeploymentLifecycle,
    private readonly schedules: ClusterSchedules,
    private readonly runner: PassRunner,
    tasks: BackgroundTasks,
  ) {
    this.task = tasks.add({ name: 'a sweep', run: () => this.sweepOnce(), pauseMs: () => this.untilNextMs() });
  }

  /** Looks once, and serves what it finds. A cluster that cannot be served keeps no other from it, and is left alone for an interval. */
  async sweepOnce(): Promise<void> {
    const clusters = await this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      return new Set([
        ...(await this.signals.clustersWaiting(tx)),
        ...(await this.deployments.firstDue(tx)).filter(({ inMs }) => inMs <= 0).map(({ clusterId }) => clusterId),
        ...(await this.schedules.clustersDue(tx)),
      ]);
    });
    for (const clusterId of this.restingNow()) clusters.delete(clusterId);
    for (const clusterId of clusters) {
      if (this.task.signal.aborted) return;
      await this.serve(clusterId);
    }
  }

  private async serve(clusterId: string): Promise<void> {
    try {
      await this.runner.run(clusterId);
    } catch (error) {
      this.resting.set(clusterId, performance.now() + this.settings.sweepIntervalMs);
      this.logger.warn(`a pass on cluster ${clusterId} failed and changed nothing: ${String(error)}`);
    }
  }

  /** The clusters that are left alone now. Forgets those whose time is over. */
  private restingNow(): string[] {
    const nowMs = performance.now();
    for (const [clusterId, untilMs] of this.resting) if (untilMs <= nowMs) this.resting.delete(clusterId);
    return [...this.resting.keys()];
  }

  /** An interval, or less where something is due before: a time limit, a promised start. What is overdue where passes fail does not shorten it. */
  private async untilNextMs(): Promise<number> {
    const interval = this.settings.sweepIntervalMs;
    try {
      return await this.database.transaction(async (tx) => {
        await preferIndexes(tx);
        const resting = new Set(this.restingNow());
        const firsts = await this.deployments.firstDue(tx);
        const due = firsts.filter(({ clusterId }) => !resting.has(clusterId)).map(({ inMs }) => inMs);
        const wake = (await this.schedules.untilNextMs(tx, [...resting])) ?? interval;
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
