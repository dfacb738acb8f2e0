import { type EntityManager, rowsOf, sql } from '#database';

import { type Exposition } from './exposition.js';

/** Each is a reason to wake somebody: more than these say nothing new. */
const MAX_LISTED_FINDINGS = 1_000;

interface LedgerFigures {
  readonly findings: readonly { readonly organization: string; readonly cluster: string; readonly law: string }[];
  readonly audits: readonly { readonly depth: string; readonly seconds: number }[];
}

/** What audits of the ledger have found that is not over, and how long ago they last found nothing. */
export async function readLedger(tx: EntityManager): Promise<LedgerFigures> {
  const findings = await rowsOf(
    tx,
    sql<LedgerFigures['findings'][number]>`
      select organization_id as organization, cluster_id as cluster, law from ledger_findings
      where resolved_at is null limit ${MAX_LISTED_FINDINGS}`,
  );
  const audits = await rowsOf(
    tx,
    sql<LedgerFigures['audits'][number]>`
      select depth, extract(epoch from statement_timestamp() - clean_at)::float8 as seconds from ledger_audits
      where clean_at is not null`,
  );
  return { findings, audits };
}

/** Writes them. */
export function exposeLedger(to: Exposition, { findings, audits }: LedgerFigures): void {
  to.gauge(
    'stowage_ledger_open_findings',
    'Laws of the ledger that are broken, per cluster: anything above 0 needs a person.',
    findings.map((labels) => ({ labels: { ...labels }, value: 1 })),
  );
  to.gauge(
    'stowage_ledger_seconds_since_clean_audit',
    'Since the last audit of all clusters that found nothing began.',
    audits.map(({ depth, seconds }) => ({ labels: { depth }, value: seconds })),
  );
}
