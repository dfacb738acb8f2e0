import { Injectable } from '@nestjs/common';

import { OrganizationVisibilityErrors, TokenAllowance } from '#auth';
import { Settings } from '#config';
import { type EntityManager, type Fragment, rowsOf, sql } from '#database';
import { type Role } from '#kernel';

/** What is limited in an organization: how many clusters, members, usable invites, usable API tokens, waiting deployments. */
export const LIMIT_NAMES = ['clusters', 'members', 'invites', 'tokens', 'queued'] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

/** The most that an organization may have of each. */
export type Limits = Readonly<Record<LimitName, number>>;

/** Limits that an operator has set for one organization; null where the installation's default holds. */
export type OwnLimits = Readonly<Record<LimitName, number | null>>;

/** An organization's own limits, as part of a select list over `organizations o`, under the names of {@link OwnLimits}. */
export const OWN_LIMITS: Fragment = sql`
  o.limit_clusters as clusters, o.limit_members as members, o.limit_invites as invites, o.limit_tokens as tokens,
  o.limit_queued as queued`;

/** How much an organization may have: what the settings say, unless an operator has said otherwise. */
@Injectable()
export class OrganizationLimits {
  private readonly defaults: Limits;

  constructor({ limitClusters, limitMembers, limitInvites, limitOrganizationTokens, limitQueued }: Settings) {
    this.defaults = {
      clusters: limitClusters,
      members: limitMembers,
      invites: limitInvites,
      tokens: limitOrganizationTokens,
      queued: limitQueued,
    };
  }

  /** What holds where an organization has these limits of its own. */
  inForce(own: OwnLimits): Limits {
    const limit = (name: LimitName): number => own[name] ?? this.defaults[name];
    return {
      clusters: limit('clusters'),
      members: limit('members'),
      invites: limit('invites'),
      tokens: limit('tokens'),
      queued: limit('queued'),
    };
  }

  /** The limits at this moment; undefined for an organization that does not exist (any more). */
  async read(em: EntityManager, organizationId: string): Promise<Limits | undefined> {
    return this.select(em, organizationId, sql``);
  }

  /**
   * The limits, with the organization held until `tx` ends: everybody who counts before adding takes turns, and nobody exceeds a limit
   * by a race. Waits for nobody but others who count; a foreign key to the organization does not wait.
   *
   * @throws DomainError ORGANIZATIONS.NOT_FOUND when the organization was deleted meanwhile
   */
  async hold(tx: EntityManager, organizationId: string): Promise<Limits> {
    const limits = await this.holdIfThere(tx, organizationId);
    if (limits === undefined) throw OrganizationVisibilityErrors.NOT_FOUND.because();
    return limits;
  }

  /** As {@link hold}, for those who have an answer of their own to an organization that was deleted. */
  async holdIfThere(tx: EntityManager, organizationId: string): Promise<Limits | undefined> {
    return this.select(tx, organizationId, sql`for no key update`);
  }

  private async select(em: EntityManager, organizationId: string, locking: Fragment): Promise<Limits | undefined> {
    const [own] = await rowsOf(
      em,
      sql<OwnLimits>`
        select ${OWN_LIMITS} from organizations o where o.id = ${organizationId} and o.deleted_at is null ${locking}`,
    );
    return own === undefined ? undefined : this.inForce(own);
  }
}

/** Tells auth how many API tokens an organization may have, and how much its members' may be worth. */
@Injectable()
export class OrganizationTokenAllowance extends TokenAllowance {
  constructor(private readonly limits: OrganizationLimits) {
    super();
  }

  override async hold(tx: EntityManager, organizationId: string): Promise<number> {
    return (await this.limits.hold(tx, organizationId)).tokens;
  }

  override async roleOf(em: EntityManager, organizationId: string, userId: string): Promise<Role | null> {
    const [member] = await rowsOf(
      em,
      sql<{
        role: Role;
      }>`select role from memberships where organization_id = ${organizationId} and user_id = ${userId}`,
    );
    return member?.role ?? null;
  }
}
