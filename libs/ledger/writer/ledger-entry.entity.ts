import { RESOURCES } from '#kernel';
import { defineEntity, p } from '#database';

/** What an entry does: gives resources to an attempt, takes them back, or sets right what no entry should have said (signed amounts). */
export const LEDGER_KINDS = ['allocate', 'release', 'correct'] as const;

export type LedgerKind = (typeof LEDGER_KINDS)[number];

const column = { cpuMillis: 'cpu_millis', memoryMib: 'memory_mib', gpuMillis: 'gpu_millis' } as const;

/** One line of the ledger. Never changed and never removed while its deployment exists: a trigger refuses both. */
export const LedgerEntrySchema = defineEntity({
  name: 'LedgerEntry',
  tableName: 'ledger_entries',
  properties: {
    id: p.bigint('number').primary().generated('identity'),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    deploymentId: p.uuid().columnType('uuid'),
    attempt: p.integer(),
    kind: p.text().$type<LedgerKind>(),
    cpuMillis: p.integer(),
    memoryMib: p.integer(),
    gpuMillis: p.integer(),
    passId: p.uuid().columnType('uuid'),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    {
      name: 'ledger_entries_kind_check',
      expression: `kind in (${LEDGER_KINDS.map((kind) => `'${kind}'`).join(', ')})`,
    },
    ...RESOURCES.map((resource) => ({
      name: `ledger_entries_${column[resource]}_check`,
      expression: `${column[resource]} >= 0 or kind = 'correct'`,
    })),
  ],
  indexes: [
    {
      name: 'ledger_entries_attempt_unique',
      expression:
        'create unique index "ledger_entries_attempt_unique" on "ledger_entries" ("deployment_id", "attempt", "kind", (case when kind = \'correct\' then id else 0 end))',
    },
    {
      name: 'ledger_entries_correct_index',
      expression:
        'create index "ledger_entries_correct_index" on "ledger_entries" ("deployment_id", "attempt") where kind = \'correct\'',
    },
    { name: 'ledger_entries_cluster_index', properties: ['clusterId', 'at', 'id'] },
  ],
});
