import { Injectable, Logger } from '@nestjs/common';

import { BackgroundTasks } from '#background';
import { Settings } from '#config';
import { Database, rowsOf, sql } from '#database';

import { LedgerAudit } from '../audit/ledger-audit.service.js';
import { LedgerRepair } from '../audit/ledger-repair.service.js';
import { type AuditDepth } from '../audit/ledger-audit-run.entity.js';

/** How often a worker asks whether an audit is due, or a repair is wanted. */
const TICK_MS = 1_000;

/** All clusters are checked so long after the last check began. With a tick and the check itself, five seconds are kept. */
const QUICK_EVERY_SECONDS = 3;

/** Checks take at most 1/SHARE of the time, however many allocations are open. */
const SHARE = 20;

/**
 * Audits the ledger while everything runs: a cluster after its passes, all clusters every five seconds, everything once a night. Repairs
 * it where an operator has asked for that.
 *
 * Lives beside the passes and never in their transactions: it slows nothing down, and nothing that a pass believes is believed here.
 */
@Injectable()
export class LedgerWatch {
  private readonly logger = new Logger(LedgerWatch.name);

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly audit: LedgerAudit,
    private readonly repair: LedgerRepair,
    tasks: BackgroundTasks,
  ) {
    tasks.add({ name: 'an audit', run: () => this.tick(), pauseMs: TICK_MS });
  }

  /** Does what is due: repairs, an audit of all clusters, the nightly one. */
  async tick(): Promise<void> {
    for (const clusterId of await this.repair.wanted()) await this.repairOne(clusterId);
    const due = await this.due();
    if (due.includes('full')) await this.audit.full();
    if (due.includes('quick')) await this.audit.quick();
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
