import { defineEntity, p } from '#database';

import { type DeploymentStatus } from './deployment-status.js';

const DeploymentEventSchema = defineEntity({
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
  },
});

/** One transition of a deployment: from where to where, why, by whom. `sequence` counts from 1 without a gap per deployment. */
export class DeploymentEvent extends DeploymentEventSchema.class {}
DeploymentEventSchema.setClass(DeploymentEvent);

export { DeploymentEventSchema };
