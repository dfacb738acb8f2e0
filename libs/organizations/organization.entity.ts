import { databaseTime, defineEntity, p, timestamptz } from '#database';

/** The limited things of an organization: clusters, members, usable invites, usable API tokens, waiting deployments, stored bytes. */
export const LIMIT_NAMES = ['clusters', 'members', 'invites', 'tokens', 'queued', 'bytes'] as const;

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
    limitBytes: p.bigint('number').nullable(),
  },
  checks: [
    {
      name: 'organizations_limits_check',
      expression: 'least(limit_clusters, limit_members, limit_invites, limit_tokens, limit_queued, limit_bytes) >= 0',
    },
  ],
  indexes: [{ name: 'organizations_created_by_index', properties: ['createdBy'] }],
});

/** The columns of limits, under the names of the entity: their values are converted as it declares. */
export const LIMIT_COLUMNS = [
  'limit_clusters as limitClusters',
  'limit_members as limitMembers',
  'limit_invites as limitInvites',
  'limit_tokens as limitTokens',
  'limit_queued as limitQueued',
  'limit_bytes as limitBytes',
] as const;

/** The columns of limits as an entity and a typed query give them. */
type LimitValues = { readonly [Name in LimitName as `limit${Capitalize<Name>}`]?: number | null | undefined };

/** The limits that an operator has set, from their columns. */
export function ownLimitsOf({
  limitClusters: clusters = null,
  limitMembers: members = null,
  limitInvites: invites = null,
  limitTokens: tokens = null,
  limitQueued: queued = null,
  limitBytes: bytes = null,
}: LimitValues): OwnLimits {
  return { clusters, members, invites, tokens, queued, bytes };
}

/**
 * A tenant: members, clusters and deployments that belong together, and are invisible to all others.
 *
 * A deleted organization keeps its row and its history, which only operators still read. A limit of null is the installation's default.
 */
export class Organization extends OrganizationSchema.class {
  ownLimits(): OwnLimits {
    return ownLimitsOf(this);
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
