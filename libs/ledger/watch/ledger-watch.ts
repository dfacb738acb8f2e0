import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';

import { Settings } from '#config';
import { Database, rowsOf, sql } from '#database';

import { LedgerAudit } from '../audit/ledger-audit.service.js';
import { LedgerRepair } from '../audit/ledger-repair.service.js';
import { PassRetention } from './pass-retention.js';
import { type AuditDepth } from '../audit/ledger-audit-run.entity.js';

/** How often a worker asks whether an audit is due, or a repair is wanted. */
const TICK_MS = 1_000;

/** All clusters are checked so long after the last check began. With a tick and the check itself, five seconds are kept. */
const QUICK_EVERY_SECONDS = 3;

/** Of the time, checks take at most one part in so many, however many allocations are open. */
const SHARE = 20;

/** After a check of one cluster, the next one waits no longer than this. */
const MAX_REST_MS = 5_000;

/**
 * Audits the ledger while everything runs: a cluster after its passes, all clusters every five seconds, everything once a night. Repairs
 * it where an operator has asked for that.
 *
 * Lives beside the passes and never in their transactions: it slows nothing down, and nothing that a pass believes is believed here.
 */
@Injectable()
export class LedgerWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(LedgerWatch.name);
  private readonly stopping = new AbortController();
  /** Clusters with passes that nobody has looked at yet. */
  private readonly waiting = new Set<string>();
  private looking: Promise<void> | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly audit: LedgerAudit,
    private readonly repair: LedgerRepair,
    private readonly retention: PassRetention,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.runUntilStopped();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.running, this.looking]);
  }

  /** To be called when passes on a cluster have committed. Returns at once; several calls may become one look. */
  lookAt(clusterId: string): void {
    if (this.stopping.signal.aborted) return;
    this.waiting.add(clusterId);
    this.looking ??= this.lookAtWaiting().finally(() => (this.looking = null));
  }

  /** Does what is due: repairs, an audit of all clusters, the nightly one, the pruning of old records. */
  async tick(): Promise<void> {
    for (const clusterId of await this.repair.wanted()) await this.repairOne(clusterId);
    const due = await this.due();
    if (due.includes('full')) await this.audit.full();
    if (due.includes('quick')) await this.audit.quick();
    await this.retention.prune();
  }

  private async repairOne(clusterId: string): Promise<void> {
    try {
      const report = await this.repair.repairWanted(clusterId);
      if (report === null) return;
      const { passId, corrections, broken } = report;
      this.logger.log({ msg: 'the ledger was repaired', clusterId, passId, corrections, broken: broken.length });
    } catch (error) {
      this.logger.error(
        `the ledger of cluster ${clusterId} could not be repaired, nothing was changed: ${String(error)}`,
      );
    }
  }

  private async lookAtWaiting(): Promise<void> {
    for (const clusterId of this.waiting) {
      if (this.stopping.signal.aborted) return;
      this.waiting.delete(clusterId);
      const startedMs = performance.now();
      await this.attempt(() => this.audit.checkCluster(clusterId));
      await this.rest(Math.min((performance.now() - startedMs) * (SHARE - 1), MAX_REST_MS));
    }
  }

  private async runUntilStopped(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.attempt(() => this.tick());
      await this.rest(TICK_MS);
    }
  }

  private async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn(`an audit failed, the next one will try again: ${String(error)}`);
    }
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** Decided by what all workers have done, so that several of them do the work of one; two that ask at the same moment may both do it. */
  private async due(): Promise<AuditDepth[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<{ depth: AuditDepth }>`
        select d.depth from (values ('quick'), ('full')) d (depth) left join ledger_audits a on a.depth = d.depth
        where a.depth is null
          or (d.depth = 'quick' and now() >= a.started_at + greatest(interval '1 second' * ${QUICK_EVERY_SECONDS}::int, ${SHARE}::int * (a.finished_at - a.started_at)))
          or (d.depth = 'full' and a.started_at <
              date_trunc('day', now() - interval '1 hour' * ${this.settings.ledgerAuditHour}::int) + interval '1 hour' * ${this.settings.ledgerAuditHour}::int)`,
    );
    return rows.map(({ depth }) => depth);
  }
}
