import { defineEntity, p } from '#database';

/** A request to look at a cluster, with the change of one shape's count in its queue. */
export const ClusterSignalSchema = defineEntity({
  name: 'ClusterSignal',
  tableName: 'cluster_signals',
  properties: {
    id: p.bigint('number').primary().generated('identity'),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    reason: p.text(),
    priority: p.smallint().default(0),
    cpuMillis: p.integer().default(0),
    memoryMib: p.integer().default(0),
    gpuMillis: p.integer().default(0),
    maxRuntimeSeconds: p.integer().default(0),
    change: p.integer().default(0),
  },
  indexes: [{ name: 'cluster_signals_cluster_id_index', properties: ['clusterId', 'id'] }],
});
