import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Settings } from '#config';
import { Database, type EntityManager, LockMode } from '#database';
import { isAtLeast, type Role } from '#kernel';

import { type Actor, auditedBy } from '../access/actor.js';
import { OrganizationVisibilityErrors } from '../access/organization-visibility.js';
import { AuthErrors, tokenRoleTooHigh, unauthenticated } from '../auth.errors.js';
import { ApiToken, type ApiTokenView } from './api-token.entity.js';
import { ServiceAccount } from './service-account.entity.js';
import { TokenAllowance } from './token-allowance.js';
import {
  countTokens,
  deleteExpiredTokens,
  insertToken,
  listTokens,
  lockOwner,
  type NewApiToken,
  type ServiceAccountKey,
  type TokenOrder,
  type TokenOwner,
} from './tokens.repository.js';

/** Makes, lists and deletes API tokens. A deleted one is refused at the next request. */
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
  async createOwn(actor: Actor, order: TokenOrder & { readonly role: Role }): Promise<NewApiToken> {
    // Repeated below under lock: an actor who is refused here has locked no organization of others.
    await this.assertMayGrant(this.database.reader(), actor.id, order);
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
    order: Pick<TokenOrder, 'name' | 'expiresInSeconds'>,
  ): Promise<NewApiToken> {
    return this.create(actor, owner, { ...order, organizationId: owner.organizationId, role: null });
  }

  /** Tokens of one owner, newest first, after the one that is named. */
  async list(owner: TokenOwner, take: number, after: string | undefined): Promise<ApiTokenView[]> {
    return listTokens(this.database.reader(), owner, take, after);
  }

  /** The same for a service account. @throws DomainError AUTH.SERVICE_ACCOUNT_NOT_FOUND */
  async listOfServiceAccount(
    owner: ServiceAccountKey,
    take: number,
    after: string | undefined,
  ): Promise<ApiTokenView[]> {
    const { organizationId, serviceAccountId: id } = owner;
    const found = await this.database.reader().count(ServiceAccount, { organizationId, id });
    if (found === 0) throw AuthErrors.SERVICE_ACCOUNT_NOT_FOUND.because();
    return this.list(owner, take, after);
  }

  /** Deletes one token of an owner. @throws DomainError AUTH.TOKEN_NOT_FOUND, also for a token of another owner */
  async delete(actor: Actor, owner: TokenOwner, tokenId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const token = await tx.findOne(ApiToken, { id: tokenId, ...owner }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (token === null) throw AuthErrors.TOKEN_NOT_FOUND.because();
      tx.remove(token);
      await this.record(tx, actor, 'api_token_delete', token);
    });
  }

  private async create(actor: Actor, owner: TokenOwner, order: TokenOrder): Promise<NewApiToken> {
    return this.database.transaction(async (tx) => {
      if (!(await lockOwner(tx, owner)))
        throw 'userId' in owner ? unauthenticated() : AuthErrors.SERVICE_ACCOUNT_NOT_FOUND.because();
      await deleteExpiredTokens(tx, owner);
      await this.assertRoom(tx, owner, order.organizationId);
      // The organization is locked: a token that is made now is deleted with the membership that it depends on, whenever that ends.
      if ('userId' in owner) await this.assertMayGrant(tx, owner.userId, order);
      const created = await insertToken(tx, owner, order);
      await this.record(tx, actor, 'api_token_create', created);
      return created;
    });
  }

  /** Refuses a token that grants more than its user may do as a member. */
  private async assertMayGrant(
    em: EntityManager,
    userId: string,
    { organizationId, role }: Pick<TokenOrder, 'organizationId' | 'role'>,
  ): Promise<void> {
    const held = await this.allowance.roleOf(em, organizationId, userId);
    if (held === null) throw OrganizationVisibilityErrors.NOT_FOUND.because();
    if (role !== null && !isAtLeast(held, role)) throw tokenRoleTooHigh(held);
  }

  /** Keeps two limits: of the owner, and of the organization over all owners. Both are locked, so that transactions count in turn. */
  private async assertRoom(tx: EntityManager, owner: TokenOwner, organizationId: string): Promise<void> {
    const limit = this.settings.limitTokens;
    if ((await countTokens(tx, owner)) >= limit) {
      throw AuthErrors.TOKEN_LIMIT_REACHED.because(`There can be at most ${limit} tokens.`, { limit });
    }
    const allowed = await this.allowance.hold(tx, organizationId);
    if ((await countTokens(tx, { organizationId })) >= allowed) {
      throw AuthErrors.ORGANIZATION_TOKEN_LIMIT_REACHED.because(undefined, { limit: allowed });
    }
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    action: string,
    {
      id,
      name,
      organizationId,
      role = null,
      expiresAt,
    }: Pick<ApiToken, 'id' | 'name' | 'organizationId' | 'role' | 'expiresAt'>,
  ): Promise<void> {
    await this.audit.record(tx, {
      organizationId,
      action,
      target: { kind: 'api-token', id, name },
      after: { role, expiresAt },
      ...auditedBy(actor),
    });
  }
}
