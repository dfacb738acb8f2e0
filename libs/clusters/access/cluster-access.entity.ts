import { defineEntity, p } from '#database';

const ClusterAccessSchema = defineEntity({
  name: 'ClusterAccess',
  tableName: 'cluster_access',
  primaryKeys: ['clusterId', 'userId'],
  properties: {
    clusterId: p.uuid().primary(),
    userId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    grantedBy: p.uuid().columnType('uuid'),
    grantedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'cluster_access_member_index', properties: ['organizationId', 'userId'] }],
});

/** A member who sees a restricted cluster. Goes with the membership: who comes back as a member does not come back to the list. */
export class ClusterAccessGrant extends ClusterAccessSchema.class {}
ClusterAccessSchema.setClass(ClusterAccessGrant);

export { ClusterAccessSchema };
