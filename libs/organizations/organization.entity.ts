import { defineEntity, p } from '#database';

const OrganizationSchema = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    createdBy: p.uuid().columnType('uuid'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    version: p.integer().default(1),
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
    limitClusters: p.integer().nullable(),
    limitMembers: p.integer().nullable(),
    limitInvites: p.integer().nullable(),
    limitTokens: p.integer().nullable(),
    limitQueued: p.integer().nullable(),
  },
  checks: [
    {
      name: 'organizations_limits_check',
      expression: 'least(limit_clusters, limit_members, limit_invites, limit_tokens, limit_queued) >= 0',
    },
  ],
  indexes: [{ name: 'organizations_created_by_index', properties: ['createdBy'] }],
});

/**
 * A tenant: people, clusters and deployments that belong together, and are invisible to everybody else.
 *
 * One that was deleted keeps its row and its history, which nobody reaches any more. A limit of null is the installation's default.
 */
export class Organization extends OrganizationSchema.class {}
OrganizationSchema.setClass(Organization);

export { OrganizationSchema };
