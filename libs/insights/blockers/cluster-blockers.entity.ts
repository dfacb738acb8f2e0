import { defineEntity, p } from '#database';

/** What keeps the queue of a cluster, shape by shape, as the last pass left it that was looked at. */
export const ClusterBlockersSchema = defineEntity({
  name: 'ClusterBlockers',
  tableName: 'cluster_blockers',
  properties: {
    clusterId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    passId: p.uuid().columnType('uuid'),
    asOf: p.datetime().columnType('timestamptz'),
    shapes: p.integer(),
    waiting: p.bigint(),
    blockers: p.blob(),
  },
});
