import { defineEntity, p } from '#database';

/** A law of the ledger that was found broken in a cluster, from when to when. At most one is open per cluster and law. */
export const LedgerFindingSchema = defineEntity({
  name: 'LedgerFinding',
  tableName: 'ledger_findings',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    law: p.text(),
    violations: p.integer(),
    samples: p.json<readonly unknown[]>().columnType('jsonb'),
    foundAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    seenAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    resolvedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    {
      name: 'ledger_findings_open_unique',
      expression:
        'create unique index "ledger_findings_open_unique" on "ledger_findings" ("cluster_id", "law") where resolved_at is null',
    },
  ],
});
