import { defineEntity, p } from '#database';

/** A run that a cluster's gathering counts on, with the end that was expected as it began. Written by passes only, under the cluster's row lock. */
export const GatheredRunSchema = defineEntity({
  name: 'GatheredRun',
  tableName: 'gathered_runs',
  properties: {
    clusterId: p.uuid().primary(),
    deploymentId: p.uuid().primary(),
    attempt: p.integer().columnType('int'),
    organizationId: p.uuid().columnType('uuid'),
    expectedEndAt: p.datetime().columnType('timestamptz'),
  },
});
