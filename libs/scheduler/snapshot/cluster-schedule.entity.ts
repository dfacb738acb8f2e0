import { defineEntity, p } from '#database';
import { type Reservation } from '#packing';

/** What a pass leaves for the next one on the same cluster. Written by passes only, under the cluster's row lock. */
export const ClusterScheduleSchema = defineEntity({
  name: 'ClusterSchedule',
  tableName: 'cluster_schedules',
  properties: {
    clusterId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    reservations: p.json<readonly Reservation[]>().columnType('jsonb').defaultRaw(`'[]'`),
    gatherAfter: p.datetime().columnType('timestamptz').nullable(),
    wakeAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    {
      name: 'cluster_schedules_wake_index',
      expression:
        'create index "cluster_schedules_wake_index" on "cluster_schedules" ("wake_at") where wake_at is not null',
    },
  ],
});
