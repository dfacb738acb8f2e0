import { defineEntity, p } from '#database';

/** How far an audit of all clusters goes. */
export const AUDIT_DEPTHS = ['quick', 'full'] as const;

export type AuditDepth = (typeof AUDIT_DEPTHS)[number];

/** The last audit of all clusters, per depth: when it ran, and when one last found nothing. Shared by all workers. */
export const LedgerAuditRunSchema = defineEntity({
  name: 'LedgerAuditRun',
  tableName: 'ledger_audits',
  properties: {
    depth: p.text().primary().$type<AuditDepth>(),
    startedAt: p.datetime().columnType('timestamptz'),
    finishedAt: p.datetime().columnType('timestamptz'),
    cleanAt: p.datetime().columnType('timestamptz').nullable(),
    broken: p.integer(),
  },
  checks: [
    {
      name: 'ledger_audits_depth_check',
      expression: `depth in (${AUDIT_DEPTHS.map((depth) => `'${depth}'`).join(', ')})`,
    },
  ],
});
