import { defineEntity, p } from '#database';

/**
 * The number of deployments of one shape in the queue of a cluster. Only passes write it, from signals: no submission waits for a counter,
 * and no pass counts the queue.
 */
export const QueueShapeSchema = defineEntity({
  name: 'QueueShape',
  tableName: 'queue_shapes',
  primaryKeys: ['clusterId', 'priority', 'cpuMillis', 'memoryMib', 'gpuMillis', 'maxRuntimeSeconds'],
  properties: {
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().primary(),
    priority: p.smallint().primary(),
    cpuMillis: p.integer().primary(),
    memoryMib: p.integer().primary(),
    gpuMillis: p.integer().primary(),
    maxRuntimeSeconds: p.integer().primary(),
    waiting: p.integer(),
  },
  checks: [{ name: 'queue_shapes_waiting_check', expression: 'waiting >= 0' }],
});
