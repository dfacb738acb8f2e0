import { defineEntity, p } from '#database';

const RESOURCES = ['cpu_millis', 'memory_mib', 'gpu_millis'] as const;

const sum = () => p.decimal('string').columnType('numeric(38,0)');

/** What stands in a cluster's ledger for the histories that are not kept any more: how many, and their sums, which balance. */
export const LedgerCheckpointSchema = defineEntity({
  name: 'LedgerCheckpoint',
  tableName: 'ledger_checkpoints',
  properties: {
    clusterId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    deployments: p.bigint('number'),
    entries: p.bigint('number'),
    allocatedCpuMillis: sum(),
    allocatedMemoryMib: sum(),
    allocatedGpuMillis: sum(),
    releasedCpuMillis: sum(),
    releasedMemoryMib: sum(),
    releasedGpuMillis: sum(),
    correctedCpuMillis: sum(),
    correctedMemoryMib: sum(),
    correctedGpuMillis: sum(),
    closedUntil: p.datetime().columnType('timestamptz'),
    changedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    {
      name: 'ledger_checkpoints_balance_check',
      expression: RESOURCES.map(
        (resource) => `allocated_${resource} - released_${resource} + corrected_${resource} = 0`,
      ).join(' and '),
    },
  ],
});
