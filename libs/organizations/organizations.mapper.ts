import { withEntityTag } from '#http';

import { type InstalledOrganization } from './limits/installed-organizations.service.js';
import { type InstalledOrganizationDto } from './limits/installed-organizations.dto.js';
import { type InviteDto, type NewInviteDto } from './invites/invites.dto.js';
import { type ListedInvite, type NewInvite } from './invites/invites.service.js';
import { type MemberDto } from './members/members.dto.js';
import { type MemberView } from './members/members.service.js';
import { type OrganizationDto } from './organizations/organizations.dto.js';
import { type OrganizationView } from './organizations/organizations.service.js';

/** What of an organization leaves the service. */
export function toOrganizationDto({ id, name, role, createdAt }: OrganizationView): OrganizationDto {
  return { id, name, role, createdAt };
}

/** The same with its entity tag, for an answer that can be edited. */
export function toTaggedOrganizationDto(organization: OrganizationView): OrganizationDto {
  return withEntityTag(toOrganizationDto(organization), organization.version);
}

/** What of a member the other members see. */
export function toMemberDto({ id, username, role, joinedAt }: MemberView): MemberDto {
  return { userId: id, username, role, joinedAt };
}

/** What of a new invite leaves the service: with its code, this once. */
export function toNewInviteDto(invite: NewInvite): NewInviteDto {
  const { id, code, role, maxUses, uses, note, createdAt, expiresAt } = invite;
  return { id, code, role, maxUses, uses, note, createdAt, expiresAt };
}

/** What of an invite admins see. */
export function toInviteDto(invite: ListedInvite): InviteDto {
  const { id, role, maxUses, uses, note, createdAt, expiresAt, state } = invite;
  const usesLeft = state === 'usable' ? maxUses - uses : 0;
  const createdBy = { id: invite.createdById, name: invite.createdByName };
  return { id, role, maxUses, uses, usesLeft, state, note, createdBy, createdAt, expiresAt };
}

/** What of an organization operators see. */
export function toInstalledOrganizationDto(organization: InstalledOrganization): InstalledOrganizationDto {
  const { id, name, createdAt, deletedAt, limits, ownLimits } = organization;
  return { id, name, createdAt, deletedAt, limits, ownLimits };
}
