import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { constraintOf, Database, type EntityManager, LockMode, queries, rowsOf, sql, type TablesOf } from '#database';
import { newId, type Role } from '#kernel';

import { type TokenScope } from '../access/access.js';
import { type Actor, auditedBy } from '../access/actor.js';
import { AuthErrors, nameTaken } from '../auth.errors.js';
import { ServiceAccount, type ServiceAccountSchema, type ServiceAccountView } from './service-account.entity.js';
import { type ServiceAccountKey } from './tokens.repository.js';

/** The most service accounts of one organization. */
export const MAX_SERVICE_ACCOUNTS = 1000;

/** The input of a new service account. It may do what a role may, or a scope; never both. */
export interface ServiceAccountOrder {
  readonly name: string;
  readonly role?: Role;
  readonly scope?: TokenScope;
}

/** An organization's non-human principals. Callers have checked that the actor is an admin of the organization. */
@Injectable()
export class ServiceAccounts {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** @throws DomainError AUTH.SERVICE_ACCOUNT_NAME_TAKEN, AUTH.SERVICE_ACCOUNT_LIMIT_REACHED */
  async create(
    actor: Actor,
    organizationId: string,
    { name, role, scope }: ServiceAccountOrder,
  ): Promise<ServiceAccountView> {
    try {
      return await this.database.transaction(async (tx) => {
        await this.assertRoom(tx, organizationId);
        const account = tx.create(ServiceAccount, {
          id: newId(),
          organizationId,
          name,
          nameKey: name.normalize('NFKC').toLowerCase(),
          role: role ?? null,
          scope: scope ?? null,
          createdBy: actor.id,
        });
        await tx.flush();
        await this.record(tx, actor, 'service_account_create', account);
        return account.toView();
      });
    } catch (error) {
      if (constraintOf(error) !== 'service_accounts_name_unique') throw error;
      throw nameTaken('SERVICE_ACCOUNT_NAME_TAKEN', '#/name');
    }
  }

  /** Service accounts of an organization, newest first, after the one that is named. */
  async list(organizationId: string, take: number, after: string | undefined): Promise<ServiceAccountView[]> {
    let query = queries<TablesOf<typeof ServiceAccountSchema>>(this.database.reader())
      .selectFrom('service_accounts')
      .select(['id', 'name', 'role', 'scope', 'created_at as createdAt'])
      .where('organization_id', '=', organizationId);
    if (after !== undefined) query = query.where('id', '<', after);
    return query.orderBy('id', 'desc').limit(take).execute();
  }

  /** Deletes a service account with all its tokens. @throws DomainError AUTH.SERVICE_ACCOUNT_NOT_FOUND */
  async delete(actor: Actor, { organizationId, serviceAccountId: id }: ServiceAccountKey): Promise<void> {
    await this.database.transaction(async (tx) => {
      const account = await tx.findOne(
        ServiceAccount,
        { id, organizationId },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (account === null) throw AuthErrors.SERVICE_ACCOUNT_NOT_FOUND.because();
      tx.remove(account);
      await this.record(tx, actor, 'service_account_delete', account);
    });
  }

  /** Makes transactions that create service accounts of one organization take turns, so that the limit holds. */
  private async assertRoom(tx: EntityManager, organizationId: string): Promise<void> {
    await rowsOf(tx, sql`select pg_advisory_xact_lock(hashtextextended(${organizationId}, 11))`);
    const limit = MAX_SERVICE_ACCOUNTS;
    if ((await tx.count(ServiceAccount, { organizationId })) < limit) return;
    const detail = `There can be at most ${limit} service accounts.`;
    throw AuthErrors.SERVICE_ACCOUNT_LIMIT_REACHED.because(detail, { limit });
  }

  private async record(tx: EntityManager, actor: Actor, action: string, account: ServiceAccount): Promise<void> {
    const { id, name, role, scope } = account.toView();
    await this.audit.record(tx, {
      organizationId: account.organizationId,
      action,
      target: { kind: 'service-account', id, name },
      after: { role, scope },
      ...auditedBy(actor),
    });
  }
}
