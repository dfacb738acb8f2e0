import { Injectable } from '@nestjs/common';

import { OrganizationVisibilityErrors, TokenAllowance } from '#auth';
import { Settings } from '#config';
import { type EntityManager } from '#database';
import { type Role } from '#kernel';

import { Membership } from '../membership.entity.js';
import { type LimitName, type Organization, type OwnLimits } from '../organization.entity.js';
import { lockOrganization, readOwnLimits } from '../organizations.repository.js';

/** The most that an organization may have of each limited thing. */
export type Limits = Readonly<Record<LimitName, number>>;

/** How much an organization may have: its own limits where an operator has set some, otherwise those of the settings. */
@Injectable()
export class OrganizationLimits {
  private readonly defaults: Limits;

  constructor(settings: Settings) {
    this.defaults = {
      clusters: settings.limitClusters,
      members: settings.limitMembers,
      invites: settings.limitInvites,
      tokens: settings.limitOrganizationTokens,
      queued: settings.limitQueued,
      bytes: settings.limitBytes,
    };
  }

  /** The limits in force where an organization has these of its own. */
  inForce(own: OwnLimits): Limits {
    const limit = (name: LimitName): number => own[name] ?? this.defaults[name];
    return {
      clusters: limit('clusters'),
      members: limit('members'),
      invites: limit('invites'),
      tokens: limit('tokens'),
      queued: limit('queued'),
      bytes: limit('bytes'),
    };
  }

  /** The limits at this moment; undefined for an organization that was deleted. */
  async read(em: EntityManager, organizationId: string): Promise<Limits | undefined> {
    const own = await readOwnLimits(em, organizationId);
    return own === undefined ? undefined : this.inForce(own);
  }

  /**
   * The limits, with the organization locked until `tx` ends: transactions that count before they add take turns, so that no race exceeds
   * a limit.
   *
   * @throws ORGANIZATIONS.NOT_FOUND when the organization was deleted meanwhile
   */
  async lock(tx: EntityManager, organizationId: string): Promise<Limits> {
    return this.inForce((await assertLocked(tx, organizationId)).ownLimits());
  }
}

/** Locks an organization. @throws ORGANIZATIONS.NOT_FOUND when it was deleted */
export async function assertLocked(tx: EntityManager, organizationId: string): Promise<Organization> {
  const organization = await lockOrganization(tx, organizationId);
  if (organization === undefined) throw OrganizationVisibilityErrors.NOT_FOUND.because();
  return organization;
}

/** Tells auth how many API tokens an organization may have, and which roles its members hold. */
@Injectable()
export class OrganizationTokenAllowance extends TokenAllowance {
  constructor(private readonly limits: OrganizationLimits) {
    super();
  }

  override async hold(tx: EntityManager, organizationId: string): Promise<number> {
    return (await this.limits.lock(tx, organizationId)).tokens;
  }

  override async roleOf(em: EntityManager, organizationId: string, userId: string): Promise<Role | null> {
    // Under an Idempotency-Key, the reads before and after the lock have one entity manager, which would return what it knows already.
    return (await em.findOne(Membership, { organizationId, userId }, { refresh: true }))?.role ?? null;
  }
}
