import { Injectable, Logger } from '@nestjs/common';

import { newId } from '#kernel';
import { AuditLog, systemActor } from '#audit';
import { changesOf, Database, rowsOf, sql } from '#database';

/** A law that is broken in a cluster. */
export interface BrokenLaw {
  readonly law: string;
  readonly sentence: string;
  readonly isDrift: boolean;
  readonly organizationId: string;
  readonly clusterId: string;
  /** How many rows break it. */
  readonly violations: number;
  /** Some of them. */
  readonly samples: readonly unknown[];
}

/** What was looked at: what is not found there any more is over. */
export interface AuditScope {
  /** The laws of which everything was read. */
  readonly provenLaws: readonly string[];
  /** null: all clusters */
  readonly clusterId: string | null;
}

const AUDITOR = systemActor('ledger audit');

/** Keeps what audits find, makes it heard, and stops a cluster whose ledger has drifted. Nothing is set right here. */
@Injectable()
export class LedgerFindings {
  private readonly logger = new Logger('LedgerAudit');

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** Takes note of an audit's result. What is found again is not announced again; what is proven to be over is closed. */
  async record(scope: AuditScope, broken: readonly BrokenLaw[]): Promise<void> {
    for (const finding of broken) await this.note(finding);
    await this.close(scope, broken);
    const drifted = new Map(broken.filter(({ isDrift }) => isDrift).map((finding) => [finding.clusterId, finding]));
    for (const finding of drifted.values()) await this.cordon(finding);
  }

  private async note(finding: BrokenLaw): Promise<void> {
    const { organizationId, clusterId, law, sentence, violations, samples } = finding;
    const isNew = await this.database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        sql<{ isNew: boolean }>`
          insert into ledger_findings (id, organization_id, cluster_id, law, violations, samples)
          values (${newId()}, ${organizationId}, ${clusterId}, ${law}, ${violations}, ${JSON.stringify(samples)}::jsonb)
          on conflict (cluster_id, law) where resolved_at is null
          do update set violations = excluded.violations, samples = excluded.samples, seen_at = excluded.seen_at
          returning xmax = 0 as "isNew"`,
      );
      if (row?.isNew !== true) return false;
      await this.audit.record(tx, {
        organizationId,
        actor: AUDITOR,
        action: 'ledger_finding',
        target: { kind: 'cluster', id: clusterId },
        after: { law, sentence, violations, samples },
      });
      return true;
    });
    if (isNew) this.logger.error({ msg: `the ledger is wrong: ${law}`, ...finding });
  }

  private async close({ provenLaws, clusterId }: AuditScope, broken: readonly BrokenLaw[]): Promise<void> {
    const open = await rowsOf(
      this.database.reader(),
      sql<{ id: string; law: string; clusterId: string }>`
        select id, law, cluster_id as "clusterId" from ledger_findings
        where resolved_at is null and (${clusterId}::uuid is null or cluster_id = ${clusterId}::uuid)`,
    );
    const over = open.filter(
      (finding) =>
        provenLaws.includes(finding.law) &&
        !broken.some(({ law, clusterId: where }) => law === finding.law && where === finding.clusterId),
    );
    if (over.length === 0) return;
    await changesOf(
      this.database.reader(),
      sql`update ledger_findings set resolved_at = now() where resolved_at is null and id = any(${over.map(({ id }) => id)}::uuid[])`,
    );
    this.logger.warn({ msg: 'findings of the ledger audit are over', over });
  }

  /** The safe stop: what waits keeps waiting, what runs keeps running, and people decide. */
  private async cordon({ organizationId, clusterId, law }: BrokenLaw): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [cluster] = await rowsOf(
        tx,
        sql<{ name: string }>`
          update clusters set state = 'cordoned', version = version + 1
          where organization_id = ${organizationId} and id = ${clusterId} and state = 'active' returning name`,
      );
      if (cluster === undefined) return;
      await this.audit.record(tx, {
        organizationId,
        actor: AUDITOR,
        action: 'cluster_state_change',
        target: { kind: 'cluster', id: clusterId, name: cluster.name },
        before: { state: 'active' },
        after: { state: 'cordoned', law },
      });
    });
  }
}
