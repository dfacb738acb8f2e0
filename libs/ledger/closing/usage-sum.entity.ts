import { defineEntity, p } from '#database';

/** What an attempt had on average, from when to when: all that is left of it when its deployment and its entries are gone. */
export const UsageSumSchema = defineEntity({
  name: 'UsageSum',
  tableName: 'usage_sums',
  primaryKeys: ['deploymentId', 'attempt'],
  properties: {
    deploymentId: p.uuid().primary(),
    attempt: p.integer().primary(),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    name: p.text(),
    submittedBy: p.uuid().columnType('uuid'),
    labels: p.json<Readonly<Record<string, string>>>().columnType('jsonb'),
    openedAt: p.datetime().columnType('timestamptz'),
    closedAt: p.datetime().columnType('timestamptz'),
    cpuMillis: p.decimal('string').columnType('numeric'),
    memoryMib: p.decimal('string').columnType('numeric'),
    gpuMillis: p.decimal('string').columnType('numeric'),
  },
  checks: [{ name: 'usage_sums_time_check', expression: 'opened_at <= closed_at' }],
  indexes: [
    { name: 'usage_sums_cluster_index', properties: ['clusterId', 'closedAt'] },
    { name: 'usage_sums_closed_index', properties: ['closedAt'] },
  ],
});
