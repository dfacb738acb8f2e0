import { defineEntity, p, timestamptz } from '#database';

const ClusterAccessSchema = defineEntity({
  name: 'ClusterAccess',
  tableName: 'cluster_access',
  primaryKeys: ['clusterId', 'userId'],
  properties: {
    clusterId: p.uuid().primary(),
    userId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    grantedBy: p.uuid().columnType('uuid'),
    grantedAt: timestamptz.defaultRaw('now()'),
  },
  indexes: [{ name: 'cluster_access_member_index', properties: ['organizationId', 'userId'] }],
});

/** A member who sees a restricted cluster. The entry ends with the membership, and a new membership does not bring it back. */
export class ClusterAccessGrant extends ClusterAccessSchema.class {}
ClusterAccessSchema.setClass(ClusterAccessGrant);

export { ClusterAccessSchema };
