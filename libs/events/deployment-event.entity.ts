import { defineEntity, p } from '#database';

import { type DeploymentStatus, transitionCheck } from '#deployments';

/**
 * One transition of a deployment, with its cause and author. `sequence` counts from 1 without a gap per deployment. `stamp` and `position`
 * order the events of an organization: no event appears before an earlier one.
 */
export const DeploymentEventSchema = defineEntity({
  name: 'DeploymentEvent',
  tableName: 'deployment_events',
  primaryKeys: ['organizationId', 'deploymentId', 'sequence'],
  properties: {
    organizationId: p.uuid().primary(),
    deploymentId: p.uuid().primary(),
    sequence: p.integer().primary(),
    clusterId: p.uuid().columnType('uuid'),
    attempt: p.integer(),
    fromStatus: p.text().$type<DeploymentStatus>().nullable(),
    toStatus: p.text().$type<DeploymentStatus>(),
    cause: p.text(),
    actorId: p.uuid().columnType('uuid').nullable(),
    passId: p.uuid().columnType('uuid').nullable(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    until: p.datetime().columnType('timestamptz').nullable(),
    preemptorId: p.uuid().columnType('uuid').nullable(),
    preemptorPriority: p.smallint().nullable(),
    lostSeconds: p.integer().nullable(),
    stamp: p
      .text()
      .columnType('xid8')
      .defaultRaw('greatest(pg_current_xact_id(), pg_snapshot_xmax(pg_current_snapshot()))'),
    position: p.bigint('string').autoincrement().generated('identity'),
  },
  checks: [{ name: 'deployment_events_transition_check', expression: transitionCheck() }],
  indexes: [
    {
      name: 'deployment_events_lost_index',
      expression:
        'create index "deployment_events_lost_index" on "deployment_events" ("cluster_id", "at") where lost_seconds is not null',
    },
    {
      name: 'deployment_events_order_unique',
      expression:
        'create unique index "deployment_events_order_unique" on "deployment_events" ("organization_id", "stamp", "position")',
    },
  ],
});
