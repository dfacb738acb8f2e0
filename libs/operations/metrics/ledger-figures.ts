import { type EntityManager, rowsOf, sql } from '#database';

import { type Exposition } from './exposition.js';

/** Each finding needs an operator: more of them add nothing. */
const MAX_LISTED_FINDINGS = 1_000;

interface LedgerFigures {
  readonly findings: readonly { readonly organization: string; readonly cluster: string; readonly law: string }[];
  readonly audits: readonly { readonly depth: string; readonly seconds: number }[];
}

/** The open findings of audits of the ledger, and the age of the last clean audit. */
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

/** Writes the figures of the ledger. */
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
