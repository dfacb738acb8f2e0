import { setTimeout as sleep } from 'node:timers/promises';

import { InjectQueue } from '@nestjs/bull';
import { Injectable, Logger, Optional } from '@nestjs/common';
import type { Queue } from 'bull';

import { Database } from '#database';
import { carry, inSpan } from '#telemetry';

import { ChangeHints } from './redis/change-hints.js';
import { NudgeOrigin } from './nudge-origin.js';
import { PASS_JOB, PASS_QUEUE, type PassJob } from './redis/queue.constants.js';

/** Lifetime of a mark without a job: Redis lost the job, or its producer died before it. */
const MARK_TTL_MS = 5_000;

/** A pass waits so long for Redis, at most. */
const BEGIN_TIMEOUT_MS = 100;

/** Redis is on the same network: a slower answer counts as none. */
const PING_TIMEOUT_MS = 500;

/**
 * The fast half of a nudge: wakes a worker within milliseconds. It may be lost, repeated or late without harm, because signals are
 * durable. Call it after the transaction that announced them has committed.
 *
 * Coalesces twice: at most one nudge per cluster is on its way to Redis from this process, and at most one job per cluster waits there.
 * A running job does not count as waiting: a change during a pass gets another job.
 */
@Injectable()
export class Nudges {
  private readonly logger = new Logger(Nudges.name);
  /** Clusters whose nudge is on its way; true when another was requested meanwhile. */
  private readonly inFlight = new Map<string, boolean>();

  constructor(
    @InjectQueue(PASS_QUEUE) private readonly queue: Queue<PassJob>,
    private readonly database: Database,
    private readonly hints: ChangeHints,
    @Optional() private readonly origin?: NudgeOrigin,
  ) {
    queue.on('error', (error: Error) => this.logger.warn(`Redis: ${error.message}`));
  }

  /** Returns at once: Redis is never waited for, since `queue.add` waits as long as Redis is away. */
  nudge(clusterId: string): void {
    this.database.afterCommit(() => this.send(clusterId));
  }

  private send(clusterId: string): void {
    this.hints.changed(clusterId);
    if (this.inFlight.has(clusterId)) {
      this.inFlight.set(clusterId, true);
      return;
    }
    this.inFlight.set(clusterId, false);
    void this.deliver(clusterId);
  }

  /**
   * Called by a worker before a pass looks for signals: a later nudge makes a new job. Redis is not waited for: until the mark has expired,
   * the sweep finds what comes.
   */
  async begin(clusterId: string): Promise<void> {
    const { client } = this.queue;
    if (client.status !== 'ready') return;
    const timeout = sleep(BEGIN_TIMEOUT_MS, undefined, { ref: false });
    await Promise.race([timeout, client.del(this.markOf(clusterId)).catch(() => undefined)]);
  }

  /** Whether Redis answers in time. */
  async isReachable(): Promise<boolean> {
    const timeout = sleep(PING_TIMEOUT_MS, false, { ref: false });
    const ping = this.queue.client.ping().then(
      () => true,
      () => false,
    );
    return Promise.race([ping, timeout]);
  }

  /** The number of jobs in each state; null when Redis does not answer in time. */
  async depths(): Promise<Readonly<Record<string, number>> | null> {
    const timeout = sleep(PING_TIMEOUT_MS, null, { ref: false });
    const counts = this.queue.getJobCounts().then(
      ({ waiting, active, delayed, failed }) => ({ waiting, active, delayed, failed }),
      () => null,
    );
    return Promise.race([counts, timeout]);
  }

  private async deliver(clusterId: string): Promise<void> {
    try {
      do {
        this.inFlight.set(clusterId, false);
        const isFirst = await this.queue.client.set(this.markOf(clusterId), '1', 'PX', MARK_TTL_MS, 'NX');
        if (isFirst !== null)
          await inSpan(
            'nudge',
            () => ({ kind: 'producer', attributes: { 'stowage.cluster_id': clusterId } }),
            () => this.queue.add(PASS_JOB, this.jobFor(clusterId), { removeOnComplete: true, removeOnFail: 1_000 }),
          );
      } while (this.inFlight.get(clusterId) === true);
    } catch (error) {
      this.logger.warn(`a nudge was lost; the sweep will find its cluster: ${String(error)}`);
    } finally {
      this.inFlight.delete(clusterId);
    }
  }

  private jobFor(clusterId: string): PassJob {
    const requestId = this.origin?.requestId();
    const trace = carry();
    return { clusterId, ...(requestId === undefined ? {} : { requestId }), ...(trace === undefined ? {} : { trace }) };
  }

  private markOf(clusterId: string): string {
    return this.queue.toKey(`nudged:${clusterId}`);
  }
}
