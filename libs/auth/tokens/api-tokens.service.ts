import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Settings } from '#config';
import { changesOf, Database, exactlyOne, type EntityManager, type Fragment, rfc3339, rowsOf, sql } from '#database';
import { isAtLeast, newId, type Role } from '#kernel';

import { type Actor, auditActorOf } from '../access/actor.js';
import { OrganizationVisibilityErrors } from '../access/organization-visibility.js';
import { AuthErrors, tokenRoleTooHigh, unauthenticated } from '../auth.errors.js';
import { createApiToken, digestOf } from './api-token-format.js';
import { TokenAllowance } from './token-allowance.js';

/** What a service account's token is to be: it is worth what the account is. */
export interface ServiceAccountTokenOrder {
  readonly name: string;
  readonly expiresInSeconds: number;
}

/** What a user's token is to be. */
export interface ApiTokenOrder extends ServiceAccountTokenOrder {
  readonly organizationId: string;
  readonly role: Role;
}

/** A token as its owner may see it. Times are RFC 3339 in UTC. */
export interface ApiTokenView {
  readonly id: string;
  readonly name: string;
  readonly organizationId: string;
  readonly role: Role | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
}

/** A token that was just made; its text is told here and never again. */
export interface NewApiToken extends ApiTokenView {
  readonly token: string;
}

/** Whose tokens are meant. */
export type TokenOwner = { readonly userId: string } | ServiceAccountKey;

/** Names a service account, in its organization. */
export interface ServiceAccountKey {
  readonly organizationId: string;
  readonly serviceAccountId: string;
}

type NewTokenRow = Omit<ApiTokenOrder, 'role'> & { readonly role: Role | null };

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly organization_id: string;
  readonly role: Role | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly last_used_at: string | null;
}

/** Makes, lists and deletes API tokens. A deleted one is dead at the next request. */
@Injectable()
export class ApiTokens {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly allowance: TokenAllowance,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes a token of the actor's own, for one organization and with a role of at most the actor's as a member: no token is an operator's.
   *
   * @throws DomainError ORGANIZATIONS.NOT_FOUND, AUTH.TOKEN_ROLE_TOO_HIGH, AUTH.TOKEN_LIMIT_REACHED,
   * AUTH.ORGANIZATION_TOKEN_LIMIT_REACHED
   */
  async createOwn(actor: Actor, order: ApiTokenOrder): Promise<NewApiToken> {
    // Asked once more below: who is refused here has made nobody wait for an organization that is not theirs.
    await this.assertWorth(this.database.reader(), actor.id, order.organizationId, order.role);
    return this.create(actor, { userId: actor.id }, order);
  }

  /**
   * Makes a token of a service account.
   *
   * @throws DomainError AUTH.SERVICE_ACCOUNT_NOT_FOUND, AUTH.TOKEN_LIMIT_REACHED, AUTH.ORGANIZATION_TOKEN_LIMIT_REACHED
   */
  async createForServiceAccount(
    actor: Actor,
    owner: ServiceAccountKey,
    order: ServiceAccountTokenOrder,
  ): Promise<NewApiToken> {
    const { name, expiresInSeconds } = order;
    return this.create(actor, owner, { name, expiresInSeconds, organizationId: owner.organizationId, role: null });
  }

  /** Tokens of one owner, newest first, after the one that is named. */
  async list(owner: TokenOwner, take: number, after: string | undefined): Promise<ApiTokenView[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<TokenRow>`
        select id, name, organization_id, role, created_at, expires_at, last_used_at from api_tokens
        where ${isOf(owner)} and expires_at > now() and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
        order by id desc limit ${take}`,
    );
    return rows.map(toView);
  }

  /** Deletes one token of an owner. @throws DomainError AUTH.TOKEN_NOT_FOUND also for a token of somebody else */
  async delete(actor: Actor, owner: TokenOwner, tokenId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        sql<TokenRow>`
          delete from api_tokens where id = ${tokenId} and ${isOf(owner)}
          returning id, name, organization_id, role, created_at, expires_at, last_used_at`,
      );
      if (row === undefined) throw AuthErrors.TOKEN_NOT_FOUND.because();
      await this.record(tx, actor, 'api_token_delete', toView(row));
    });
  }

  private async create(actor: Actor, owner: TokenOwner, order: NewTokenRow): Promise<NewApiToken> {
    const id = newId();
    const token = createApiToken(id);
    return this.database.transaction(async (tx) => {
      await this.holdOwner(tx, owner);
      await changesOf(tx, sql`delete from api_tokens where ${isOf(owner)} and expires_at <= now()`);
      await this.assertRoom(tx, owner, order.organizationId);
      // The organization is held: a token that is made now is deleted with the membership that it lives on, whenever that ends.
      if ('userId' in owner) await this.assertWorth(tx, owner.userId, order.organizationId, order.role);
      const userId = 'userId' in owner ? owner.userId : null;
      const serviceAccountId = 'userId' in owner ? null : owner.serviceAccountId;
      const rows = await rowsOf(
        tx,
        sql<TokenRow>`
          insert into api_tokens (id, organization_id, user_id, service_account_id, name, token_hash, role, expires_at)
          values (${id}, ${order.organizationId}, ${userId}, ${serviceAccountId}, ${order.name}, ${digestOf(token)}, ${order.role},
                  now() + make_interval(secs => ${order.expiresInSeconds}))
          returning id, name, organization_id, role, created_at, expires_at, last_used_at`,
      );
      const view = toView(exactlyOne(rows));
      await this.record(tx, actor, 'api_token_create', view);
      return { ...view, token };
    });
  }

  /** Refuses a token of a user that would be worth less than its role says, or nothing. */
  private async assertWorth(
    em: EntityManager,
    userId: string,
    organizationId: string,
    role: Role | null,
  ): Promise<void> {
    const held = await this.allowance.roleOf(em, organizationId, userId);
    if (held === null) throw OrganizationVisibilityErrors.NOT_FOUND.because();
    if (role !== null && !isAtLeast(held, role)) throw tokenRoleTooHigh(held);
  }

  /** Two limits: of the owner, and of the organization over all owners. Whoever counts has made the others wait. */
  private async assertRoom(tx: EntityManager, owner: TokenOwner, organizationId: string): Promise<void> {
    const limit = this.settings.limitTokens;
    if ((await countTokens(tx, isOf(owner))) >= limit) {
      throw AuthErrors.TOKEN_LIMIT_REACHED.because(`There can be at most ${limit} tokens.`, { limit });
    }
    const allowed = await this.allowance.hold(tx, organizationId);
    if ((await countTokens(tx, sql`organization_id = ${organizationId}`)) >= allowed) {
      throw AuthErrors.ORGANIZATION_TOKEN_LIMIT_REACHED.because(undefined, { limit: allowed });
    }
  }

  /** Makes those who create tokens of one owner take turns, so that the limit holds. */
  private async holdOwner(tx: EntityManager, owner: TokenOwner): Promise<void> {
    const held =
      'userId' in owner
        ? await rowsOf(
            tx,
            sql`select id from users where id = ${owner.userId} and disabled_at is null for no key update`,
          )
        : await rowsOf(
            tx,
            sql`
              select id from service_accounts
              where organization_id = ${owner.organizationId} and id = ${owner.serviceAccountId} for no key update`,
          );
    if (held.length > 0) return;
    throw 'userId' in owner ? unauthenticated() : AuthErrors.SERVICE_ACCOUNT_NOT_FOUND.because();
  }

  private async record(tx: EntityManager, actor: Actor, action: string, view: ApiTokenView): Promise<void> {
    const { id, name, organizationId, role, expiresAt } = view;
    await this.audit.record(tx, {
      organizationId,
      actor: auditActorOf(actor),
      action,
      target: { kind: 'api-token', id, name },
      after: { role, expiresAt },
      address: actor.address,
      requestId: actor.requestId,
    });
  }
}

/** How many tokens still work, of those that the condition describes. */
async function countTokens(tx: EntityManager, condition: Fragment): Promise<number> {
  const [row] = await rowsOf(
    tx,
    sql<{ count: number }>`
      select count(*)::int as count from api_tokens where ${condition} and expires_at > now()`,
  );
  return row?.count ?? 0;
}

function isOf(owner: TokenOwner): ReturnType<typeof sql> {
  if ('userId' in owner) return sql`user_id = ${owner.userId}`;
  return sql`organization_id = ${owner.organizationId} and service_account_id = ${owner.serviceAccountId}`;
}

function toView(row: TokenRow): ApiTokenView {
  return {
    id: row.id,
    name: row.name,
    organizationId: row.organization_id,
    role: row.role,
    createdAt: rfc3339(row.created_at),
    expiresAt: rfc3339(row.expires_at),
    lastUsedAt: rfc3339(row.last_used_at),
  };
}
