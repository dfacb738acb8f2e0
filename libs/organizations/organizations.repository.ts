import { type Role } from '#kernel';
import { type ServiceAccountSchema, type UserSchema } from '#auth';
import { type EntityManager, exactlyOne, lockedEntity, queries, rowsOf, sql, type TablesOf } from '#database';

import { Invite, type InviteSchema } from './invite.entity.js';
import { type Membership, type MembershipSchema } from './membership.entity.js';
import {
  LIMIT_COLUMNS,
  Organization,
  type OrganizationSchema,
  type OwnLimits,
  ownLimitsOf,
} from './organization.entity.js';

type OrganizationTables = TablesOf<
  | typeof OrganizationSchema
  | typeof MembershipSchema
  | typeof InviteSchema
  | typeof UserSchema
  | typeof ServiceAccountSchema
>;

/** The states of an invite: the outcome of using its code now. */
export const INVITE_STATES = ['usable', 'used-up', 'expired', 'revoked'] as const;

export type InviteState = (typeof INVITE_STATES)[number];

/** A member as other members see it: no address, nothing of the account. */
export interface MemberView extends Pick<Membership, 'userId' | 'role' | 'joinedAt'> {
  /** The same as `userId`, by which lists are paged. */
  readonly id: string;
  readonly username: string;
}

/** An organization as one of its members sees it, with the member's role. */
export interface OrganizationView extends Pick<Organization, 'id' | 'name' | 'createdAt' | 'version'> {
  readonly role: Role | null;
}

/** An invite as admins see it in the list, without its code. */
export interface ListedInvite extends Pick<Invite, 'id' | 'role' | 'maxUses' | 'uses' | 'createdAt' | 'expiresAt'> {
  readonly note: string | null;
  readonly state: InviteState;
  readonly createdById: string;
  /** The current name of the user or service account; null when it is gone. */
  readonly createdByName: string | null;
}

/** An organization as operators see it, with its own limits. */
export interface InstalledRow extends Pick<Organization, 'id' | 'name' | 'createdAt'> {
  readonly deletedAt: string | null;
  readonly ownLimits: OwnLimits;
}

/** What a page of a user's organizations holds. */
export interface OrganizationsPage {
  /** Only those with this name. */
  readonly name: string | undefined;
  readonly take: number;
  readonly after: string | undefined;
}

const NOW = sql<string>`now()`;

const db = (em: EntityManager) => queries<OrganizationTables>(em);

/**
 * Locks an organization until `tx` ends: transactions that count before they add take turns. Foreign keys to the organization do not wait.
 * Undefined where it was deleted.
 */
export async function lockOrganization(tx: EntityManager, id: string): Promise<Organization | undefined> {
  const query = db(tx).selectFrom('organizations').selectAll().where('id', '=', id).where('deleted_at', 'is', null);
  return lockedEntity(tx, Organization, query);
}

/** An organization's own limits, without a lock; undefined where it was deleted. */
export async function readOwnLimits(em: EntityManager, id: string): Promise<OwnLimits | undefined> {
  const row = await db(em)
    .selectFrom('organizations')
    .select(LIMIT_COLUMNS)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : ownLimitsOf(row);
}

/** Sets an organization's own limits. They are no part of what its version counts. */
export async function updateOwnLimits(tx: EntityManager, id: string, limits: OwnLimits): Promise<void> {
  const { clusters, members, invites, tokens, queued, bytes } = limits;
  await db(tx)
    .updateTable('organizations')
    .set({ limit_clusters: clusters, limit_members: members, limit_invites: invites })
    .set({ limit_tokens: tokens, limit_queued: queued, limit_bytes: bytes })
    .where('id', '=', id)
    .execute();
}

/** The organizations of the installation, newest first, after the one that is named; deleted ones too. */
export async function listInstalled(
  em: EntityManager,
  take: number,
  after: string | undefined,
): Promise<InstalledRow[]> {
  let query = db(em)
    .selectFrom('organizations')
    .select(['id', 'name', 'created_at as createdAt', 'deleted_at as deletedAt', ...LIMIT_COLUMNS]);
  if (after !== undefined) query = query.where('id', '<', after);
  const rows = await query.orderBy('id', 'desc').limit(take).execute();
  return rows.map(({ id, name, createdAt, deletedAt, ...limits }) => ({
    ...{ id, name, createdAt, deletedAt },
    ownLimits: ownLimitsOf(limits),
  }));
}

/** The organizations of a user, or those of them with a name, newest first, after the one with an id. */
export async function listOrganizationsOf(
  em: EntityManager,
  userId: string,
  { name, take, after }: OrganizationsPage,
): Promise<OrganizationView[]> {
  let query = db(em)
    .selectFrom('memberships as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['o.id', 'o.name', 'o.created_at as createdAt', 'o.version', 'm.role'])
    .where('m.user_id', '=', userId)
    .where('o.deleted_at', 'is', null);
  if (name !== undefined) query = query.where('o.name', '=', name);
  if (after !== undefined) query = query.where('o.id', '<', after);
  return query.orderBy('o.id', 'desc').limit(take).execute();
}

/** Makes the organizations that one user creates take turns, and counts the existing ones. */
export async function countCreatedBy(tx: EntityManager, userId: string): Promise<number> {
  await db(tx).selectFrom('users').select('id').where('id', '=', userId).forNoKeyUpdate().execute();
  return tx.count(Organization, { createdBy: userId, deletedAt: null });
}

/** The members of an organization in the order of their ids, after the one that is named; or one of them. */
export async function listMembers(
  em: EntityManager,
  organizationId: string,
  { take, after, userId }: { readonly take: number; readonly after?: string | undefined; readonly userId?: string },
): Promise<MemberView[]> {
  let query = db(em)
    .selectFrom('memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.user_id as id', 'm.user_id as userId', 'u.username', 'm.role', 'm.joined_at as joinedAt'])
    .where('m.organization_id', '=', organizationId);
  if (userId !== undefined) query = query.where('m.user_id', '=', userId);
  if (after !== undefined) query = query.where('m.user_id', '>', after);
  return query.orderBy('m.user_id').limit(take).execute();
}

/** Whether an organization has an admin besides one user. A disabled account cannot administer anything, and does not count. */
export async function hasOtherAdmin(tx: EntityManager, organizationId: string, userId: string): Promise<boolean> {
  const others = await db(tx)
    .selectFrom('memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select('u.id')
    .where('m.organization_id', '=', organizationId)
    .where('m.role', '=', 'admin')
    .where('m.user_id', '<>', userId)
    .where('u.disabled_at', 'is', null)
    .limit(1)
    .execute();
  return others.length > 0;
}

/** The invites of an organization, newest first, after the one that is named. */
export async function listInvites(
  em: EntityManager,
  organizationId: string,
  take: number,
  after: string | undefined,
): Promise<ListedInvite[]> {
  let query = db(em)
    .selectFrom('invites as i')
    .leftJoin('users as u', 'u.id', 'i.created_by')
    .leftJoin('service_accounts as a', (join) =>
      join.onRef('a.organization_id', '=', 'i.organization_id').onRef('a.id', '=', 'i.created_by'),
    )
    .select(['i.id', 'i.role', 'i.max_uses as maxUses', 'i.uses', 'i.note'])
    .select(['i.created_at as createdAt', 'i.expires_at as expiresAt', 'i.created_by as createdById'])
    .select((eb) => [
      eb.fn.coalesce('u.username', 'a.name').as('createdByName'),
      eb
        .case()
        .when('i.revoked_at', 'is not', null)
        .then<InviteState>('revoked')
        .when('i.expires_at', '<=', NOW)
        .then<InviteState>('expired')
        .whenRef('i.uses', '>=', 'i.max_uses')
        .then<InviteState>('used-up')
        .else<InviteState>('usable')
        .end()
        .as('state'),
    ])
    .where('i.organization_id', '=', organizationId);
  if (after !== undefined) query = query.where('i.id', '<', after);
  return query.orderBy('i.id', 'desc').limit(take).execute();
}

/** Removes the invites of an organization that expired `forgetAfterDays` ago, and counts those that can still be used. */
export async function countUsableInvites(
  tx: EntityManager,
  organizationId: string,
  forgetAfterDays: number,
): Promise<number> {
  const forgotten = sql<string>`now() - ${forgetAfterDays}::int * interval '1 day'`;
  const ofOrganization = db(tx).deleteFrom('invites').where('organization_id', '=', organizationId);
  await ofOrganization.where('expires_at', '<', forgotten).execute();
  const counted = await db(tx)
    .selectFrom('invites')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', NOW)
    .whereRef('uses', '<', 'max_uses')
    .execute();
  return Number(exactlyOne(counted).count);
}

/** Locks the invite with a code hash, or with an id in an organization. */
export async function lockInvite(
  tx: EntityManager,
  key: { readonly codeHash: Buffer } | { readonly organizationId: string; readonly id: string },
): Promise<Invite | undefined> {
  const query = db(tx).selectFrom('invites').selectAll();
  return lockedEntity(
    tx,
    Invite,
    'codeHash' in key
      ? query.where('code_hash', '=', key.codeHash)
      : query.where('organization_id', '=', key.organizationId).where('id', '=', key.id),
  );
}

/** The organization of an invite, by the hash of its code. */
export async function organizationOfCode(em: EntityManager, codeHash: Buffer): Promise<string | undefined> {
  const query = db(em).selectFrom('invites').select('organization_id').where('code_hash', '=', codeHash);
  return (await query.executeTakeFirst())?.organization_id;
}

/** What decides about a redemption besides the invite itself. */
export interface RedemptionFacts {
  readonly isExpired: boolean;
  readonly isInviterAdmin: boolean;
  /** An admin removed the user after the invite was made. */
  readonly wasRemoved: boolean;
  /** The role of a user that is a member already. */
  readonly heldRole: Role | null;
  readonly members: number;
}

/** Reads the facts of a redemption under the locks of the organization and the invite. */
export async function readRedemptionFacts(
  tx: EntityManager,
  { id, organizationId, createdBy, expiresAt }: Invite,
  userId: string,
): Promise<RedemptionFacts> {
  const rows = await rowsOf(
    tx,
    sql<RedemptionFacts>`
    select ${expiresAt}::timestamptz <= statement_timestamp() as "isExpired",
           exists (select from users u
                   left join memberships m on m.organization_id = ${organizationId} and m.user_id = u.id
                   where u.id = ${createdBy} and u.disabled_at is null and (m.role = 'admin' or u.is_operator))
           or exists (select from service_accounts a
                      where a.organization_id = ${organizationId} and a.id = ${createdBy} and a.role = 'admin')
             as "isInviterAdmin",
           exists (select from removed_members r join invites i on i.id = ${id} and i.created_at <= r.removed_at
                   where r.organization_id = ${organizationId} and r.user_id = ${userId}) as "wasRemoved",
           (select m.role from memberships m
            where m.organization_id = ${organizationId} and m.user_id = ${userId}) as "heldRole",
           (select count(*)::int from memberships m where m.organization_id = ${organizationId}) as members`,
  );
  return exactlyOne(rows);
}
