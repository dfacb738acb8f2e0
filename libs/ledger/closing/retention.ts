import { Injectable, Logger } from '@nestjs/common';

import { type BackgroundTask, BackgroundTasks, tryNamedLock } from '#background';
import { Settings } from '#config';
import { changesOf, Database, preferIndexes, rowsOf, sql } from '#database';
import { DeploymentRetention } from '#deployments';
import { type ClusterRef } from '#queue';

import { LedgerClosing } from './ledger-closing.js';

/** The deployments, or sums, that one transaction removes in some hundredths of a second. */
const BATCH = 500;

/** Removing takes at most 1/SHARE of the time. */
const SHARE = 10;

/** From the end of one round over all clusters to the next. */
const ROUND_EVERY_MS = 3_600_000;

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** What is left after one step. */
interface Step {
  readonly removed: number;
  /** From after which id to go on; null when nothing is left here. */
  readonly next: string | null;
}

/**
 * Removes what is older than the installation keeps it: deployments with their events and entries of the ledger, which is closed for them
 * in the same transaction, and much later what is known of their use.
 *
 * Works in small transactions with pauses between them, on rows that no pass reads: it delays no other work.
 */
@Injectable()
export class Retention {
  private readonly logger = new Logger(Retention.name);
  private readonly task: BackgroundTask;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly deployments: DeploymentRetention,
    private readonly closing: LedgerClosing,
    tasks: BackgroundTasks,
  ) {
    this.task = tasks.add({ name: 'removing old deployments', run: () => this.round(), pauseMs: ROUND_EVERY_MS });
  }

  /** One round over all clusters, those that were deleted included. @returns how many deployments are gone */
  async round(): Promise<number> {
    const clusters = await rowsOf(
      this.database.reader(),
      sql<ClusterRef>`select organization_id as "organizationId", id as "clusterId" from clusters order by id`,
    );
    let removed = 0;
    for (const cluster of clusters) {
      for (let next: string | null = BEFORE_ALL; next !== null && !this.task.signal.aborted;) {
        const after: string = next;
        const step = await this.task.paced(SHARE, () => this.removeSome(cluster, after));
        removed += step.removed;
        next = step.next;
      }
    }
    while (!this.task.signal.aborted && (await this.task.paced(SHARE, () => this.forgetSome())) === BATCH);
    if (removed > 0) this.logger.log(`${removed} deployments were older than they are kept, and are gone`);
    return removed;
  }

  private async removeSome(cluster: ClusterRef, after: string): Promise<Step> {
    return this.database.transaction(async (tx) => {
      if (!(await tryNamedLock(tx, 'deployment-retention'))) return { removed: 0, next: null };
      await preferIndexes(tx);
      const olderThanDays = this.settings.deploymentRetentionDays;
      const chosen = await this.deployments.choose(tx, cluster, { olderThanDays, after, limit: BATCH });
      const closed = chosen.length === 0 ? [] : await this.closing.close(tx, cluster, chosen);
      const removed = closed.length === 0 ? 0 : await this.deployments.remove(tx, cluster, closed);
      if (closed.length < chosen.length) {
        this.logger.warn({
          msg: 'histories that do not balance are kept',
          ...cluster,
          count: chosen.length - closed.length,
        });
      }
      return { removed, next: chosen.length < BATCH ? null : (chosen.at(-1) ?? null) };
    });
  }

  private async forgetSome(): Promise<number> {
    return changesOf(
      this.database.reader(),
      sql`delete from usage_sums where (deployment_id, attempt) in (
            select deployment_id, attempt from usage_sums
            where closed_at < now() - interval '1 day' * ${this.settings.usageRetentionDays}::int
            order by closed_at limit ${BATCH})`,
    );
  }
}
