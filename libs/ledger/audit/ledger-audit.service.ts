import { Injectable } from '@nestjs/common';
import { IsolationLevel } from '@mikro-orm/core';

import { AuditLog } from '#audit';
import { tryNamedLock } from '#background';
import { changesOf, Database, type EntityManager, type Fragment, rowsOf, sql } from '#database';
import { type Actor, auditedBy } from '#rbac';

import { type AuditDepth } from './ledger-audit-run.entity.js';
import { type BrokenLaw, LedgerFindings } from './ledger-findings.js';
import { LedgerErrors } from '../ledger.errors.js';
import { LEDGER_LAWS, type LedgerLaw } from './ledger-laws.js';

/** What an audit saw. Times in milliseconds since 1970, by the database's clock. */
export interface AuditReport {
  readonly depth: AuditDepth;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly laws: readonly LedgerLaw[];
  readonly broken: readonly BrokenLaw[];
}

/** Reading every entry takes long, and delays only the caller. */
const FULL_TIMEOUT_MS = 600_000;

/** The most rows of a broken law that a finding shows. */
const SAMPLES = 5;

const QUICK_LAWS = LEDGER_LAWS.filter(({ depth }) => depth === 'quick');
const REGULAR_LAWS = LEDGER_LAWS.filter(({ depth }) => depth !== 'full');

/**
 * Recomputes what the ledger says, from one snapshot of the database, and never changes it.
 *
 * What it finds is kept, logged, written to the audit log, and stops the cluster; see {@link LedgerFindings}.
 */
@Injectable()
export class LedgerAudit {
  constructor(
    private readonly database: Database,
    private readonly findings: LedgerFindings,
    private readonly log: AuditLog,
  ) {}

  /** The same outside of a Nest application. */
  static over(database: Database): LedgerAudit {
    const log = new AuditLog();
    return new LedgerAudit(database, new LedgerFindings(database, log), log);
  }

  /** The sums of one cluster. Costs its open allocations: what has been released is not read. */
  async checkCluster(clusterId: string): Promise<readonly BrokenLaw[]> {
    const { broken } = await this.look('quick', QUICK_LAWS, clusterId);
    await this.findings.record({ provenLaws: QUICK_LAWS.map(({ name }) => name), clusterId }, broken);
    return broken;
  }

  /** The sums of all clusters, and the newest entries. @returns null when another audit is at work */
  async quick(): Promise<AuditReport | null> {
    return this.run('quick', REGULAR_LAWS, QUICK_LAWS);
  }

  /** Everything, from zero, in all clusters. @returns null when another audit is at work */
  async full(): Promise<AuditReport | null> {
    return this.run('full', LEDGER_LAWS, LEDGER_LAWS);
  }

  /** Everything, from zero, in one cluster. */
  async fullOf(clusterId: string): Promise<readonly BrokenLaw[]> {
    const { broken } = await this.look('full', LEDGER_LAWS, clusterId);
    await this.findings.record({ provenLaws: LEDGER_LAWS.map(({ name }) => name), clusterId }, broken);
    return broken;
  }

  /** A full audit by an operator. @throws LEDGER.AUDIT_RUNNING */
  async fullBy(actor: Actor): Promise<AuditReport> {
    const report = await this.full();
    if (report === null) throw LedgerErrors.AUDIT_RUNNING.because();
    await this.database.transaction(async (tx) =>
      this.log.record(tx, {
        organizationId: null,
        ...auditedBy(actor),
        action: 'ledger_audit',
        target: { kind: 'ledger' },
        after: { findings: report.broken.length },
      }),
    );
    return report;
  }

  private async run(
    depth: AuditDepth,
    laws: readonly LedgerLaw[],
    proven: readonly LedgerLaw[],
  ): Promise<AuditReport | null> {
    const report = await this.look(depth, laws, null);
    if (report.isBusy) return null;
    await this.findings.record({ provenLaws: proven.map(({ name }) => name), clusterId: null }, report.broken);
    await this.remember(report);
    return report;
  }

  /** Asks the laws about one snapshot. A quick one reads by indexes only, whatever the statistics say. */
  private async look(
    depth: AuditDepth,
    laws: readonly LedgerLaw[],
    clusterId: string | null,
  ): Promise<AuditReport & { isBusy: boolean }> {
    return this.database.transaction(
      async (tx) => {
        const startedAtMs = await nowMs(tx);
        const isBusy = clusterId === null && !(await tryNamedLock(tx, 'ledger-audit'));
        if (depth === 'quick') await preferSmallIndexes(tx);
        const broken: BrokenLaw[] = [];
        for (const law of isBusy ? [] : laws) broken.push(...(await brokenRows(tx, law, clusterId)));
        return { depth, startedAtMs, finishedAtMs: await nowMs(tx), laws, broken, isBusy };
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ, statementTimeoutMs: FULL_TIMEOUT_MS },
    );
  }

  private async remember({ depth, startedAtMs, finishedAtMs, broken }: AuditReport): Promise<void> {
    const isClean = broken.length === 0;
    await changesOf(
      this.database.reader(),
      sql`insert into ledger_audits (depth, started_at, finished_at, clean_at, broken)
          values (${depth}, to_timestamp(${startedAtMs}::float8 / 1000), to_timestamp(${finishedAtMs}::float8 / 1000),
                  case when ${isClean}::boolean then to_timestamp(${startedAtMs}::float8 / 1000) end, ${broken.length})
          on conflict (depth) do update
          set started_at = excluded.started_at, finished_at = excluded.finished_at, broken = excluded.broken,
              clean_at = coalesce(excluded.clean_at, ledger_audits.clean_at)`,
    );
  }
}

async function brokenRows(tx: EntityManager, law: LedgerLaw, clusterId: string | null): Promise<BrokenLaw[]> {
  const rows = await rowsOf(
    tx,
    sql<Pick<BrokenLaw, 'organizationId' | 'clusterId' | 'violations' | 'samples'>>`
      select organization_id as "organizationId", cluster_id as "clusterId", count(*)::int as violations,
             to_jsonb((array_agg(detail))[1:${sql.lit(SAMPLES)}]) as samples
      from (${bound(law.violations, clusterId)}) violations group by 1, 2 limit 10000`,
  );
  const { name, sentence, isDrift } = law;
  return rows.map((row) => ({ law: name, sentence, isDrift, ...row }));
}

/** A law's statement with its one parameter. */
function bound(statement: string, clusterId: string | null): Fragment {
  const [first = '', ...others] = statement.split('$1');
  return others.reduce<Fragment>((text, part) => sql`${text}${clusterId}${sql.raw(part)}`, sql`${sql.raw(first)}`);
}

async function nowMs(tx: EntityManager): Promise<number> {
  const [row] = await rowsOf(
    tx,
    sql<{ ms: number }>`select extract(epoch from statement_timestamp())::float8 * 1000 as ms`,
  );
  return row?.ms ?? 0;
}

/** A table that has grown since it was analyzed must not be read as a whole for the few rows of a partial index. */
async function preferSmallIndexes(tx: EntityManager): Promise<void> {
  await rowsOf(
    tx,
    sql`select set_config(name, 'off', true) from unnest(array['enable_seqscan', 'enable_bitmapscan']) as name`,
  );
}
