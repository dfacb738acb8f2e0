import { defineEntity, p } from '#database';

const ClusterBlockersSchema = defineEntity({
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

/** What keeps the queue of a cluster, shape by shape, as the last pass left it that was looked at. */
export class ClusterBlockers extends ClusterBlockersSchema.class {}
ClusterBlockersSchema.setClass(ClusterBlockers);

export { ClusterBlockersSchema };
