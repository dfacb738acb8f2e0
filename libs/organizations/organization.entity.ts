import { databaseTime, defineEntity, p, timestamptz } from '#database';

/** The limited things of an organization: clusters, members, usable invites, usable API tokens, waiting deployments. */
export const LIMIT_NAMES = ['clusters', 'members', 'invites', 'tokens', 'queued'] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

/** Limits that an operator has set for one organization; null where the installation's default holds. */
export type OwnLimits = Readonly<Record<LimitName, number | null>>;

const OrganizationSchema = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    createdBy: p.uuid().columnType('uuid'),
    createdAt: timestamptz.defaultRaw('now()'),
    version: p.integer().version(),
    deletedAt: timestamptz.nullable(),
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

/** The columns of limits, under the names of {@link OwnLimits}. */
export const LIMIT_COLUMNS = [
  'limit_clusters as clusters',
  'limit_members as members',
  'limit_invites as invites',
  'limit_tokens as tokens',
  'limit_queued as queued',
] as const;

/**
 * A tenant: members, clusters and deployments that belong together, and are invisible to all others.
 *
 * A deleted organization keeps its row and its history, which only operators still read. A limit of null is the installation's default.
 */
export class Organization extends OrganizationSchema.class {
  ownLimits(): OwnLimits {
    const { limitClusters = null, limitMembers = null, limitInvites = null, limitTokens = null } = this;
    const { limitQueued = null } = this;
    return {
      clusters: limitClusters,
      members: limitMembers,
      invites: limitInvites,
      tokens: limitTokens,
      queued: limitQueued,
    };
  }

  rename(name: string): void {
    this.name = name;
  }

  delete(): void {
    this.deletedAt = databaseTime();
  }
}
OrganizationSchema.setClass(Organization);

export { OrganizationSchema };
