import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { constraintOf, Database, type EntityManager, exactlyOne, rfc3339, rowsOf, sql } from '#database';
import { newId, type Role } from '#kernel';

import { type Actor, auditActorOf } from '../access/actor.js';
import { AuthErrors, nameTaken } from '../auth.errors.js';
import { type TokenScope } from '../access/access.js';

/** Most service accounts of one organization. */
export const MAX_SERVICE_ACCOUNTS = 1000;

/** What a service account is to be: its power is a role or a scope, never both. */
export interface ServiceAccountOrder {
  readonly name: string;
  readonly power: { readonly role: Role } | { readonly scope: TokenScope };
}

/** A service account as an admin of its organization may see it. */
export interface ServiceAccountView {
  readonly id: string;
  readonly name: string;
  readonly role: Role | null;
  readonly scope: TokenScope | null;
  /** RFC 3339, in UTC. */
  readonly createdAt: string;
}

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role | null;
  readonly scope: TokenScope | null;
  readonly created_at: string;
}

/** An organization's non-human principals. Whoever calls has made sure that the actor is an admin of the organization. */
@Injectable()
export class ServiceAccounts {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** @throws DomainError AUTH.SERVICE_ACCOUNT_NAME_TAKEN, AUTH.SERVICE_ACCOUNT_LIMIT_REACHED */
  async create(actor: Actor, organizationId: string, order: ServiceAccountOrder): Promise<ServiceAccountView> {
    const { name, power } = order;
    const role = 'role' in power ? power.role : null;
    const scope = 'scope' in power ? power.scope : null;
    try {
      return await this.database.transaction(async (tx) => {
        await this.assertRoom(tx, organizationId);
        const rows = await rowsOf(
          tx,
          sql<AccountRow>`
            insert into service_accounts (id, organization_id, name, name_key, role, scope, created_by)
            values (${newId()}, ${organizationId}, ${name}, ${nameKey(name)}, ${role}, ${scope}, ${actor.id})
            returning id, name, role, scope, created_at`,
        );
        const row = exactlyOne(rows);
        await this.record(tx, actor, organizationId, 'service_account_create', row);
        return toView(row);
      });
    } catch (error) {
      if (constraintOf(error) !== 'service_accounts_name_unique') throw error;
      throw nameTaken('SERVICE_ACCOUNT_NAME_TAKEN', '#/name');
    }
  }

  /** Service accounts of an organization, newest first, after the one that is named. */
  async list(organizationId: string, take: number, after: string | undefined): Promise<ServiceAccountView[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<AccountRow>`
        select id, name, role, scope, created_at from service_accounts
        where organization_id = ${organizationId} and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
        order by id desc limit ${take}`,
    );
    return rows.map(toView);
  }

  /** Deletes a service account with all its tokens. @throws DomainError AUTH.SERVICE_ACCOUNT_NOT_FOUND */
  async delete(actor: Actor, organizationId: string, serviceAccountId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        sql<AccountRow>`
          delete from service_accounts where organization_id = ${organizationId} and id = ${serviceAccountId}
          returning id, name, role, scope, created_at`,
      );
      if (row === undefined) throw AuthErrors.SERVICE_ACCOUNT_NOT_FOUND.because();
      await this.record(tx, actor, organizationId, 'service_account_delete', row);
    });
  }

  /** Those who create service accounts of one organization take turns, so that the limit holds. */
  private async assertRoom(tx: EntityManager, organizationId: string): Promise<void> {
    await rowsOf(tx, sql`select pg_advisory_xact_lock(hashtextextended(${organizationId}, 11))`);
    const rows = await rowsOf(
      tx,
      sql<{
        count: number;
      }>`select count(*)::int as count from service_accounts where organization_id = ${organizationId}`,
    );
    if (exactlyOne(rows).count < MAX_SERVICE_ACCOUNTS) return;
    const limit = MAX_SERVICE_ACCOUNTS;
    throw AuthErrors.SERVICE_ACCOUNT_LIMIT_REACHED.because(`There can be at most ${limit} service accounts.`, {
      limit,
    });
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    organizationId: string,
    action: string,
    { id, name, role, scope }: AccountRow,
  ): Promise<void> {
    await this.audit.record(tx, {
      organizationId,
      actor: auditActorOf(actor),
      action,
      target: { kind: 'service-account', id, name },
      after: { role, scope },
      address: actor.address,
      requestId: actor.requestId,
    });
  }
}

function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function toView({ id, name, role, scope, created_at: createdAt }: AccountRow): ServiceAccountView {
  return { id, name, role, scope, createdAt: rfc3339(createdAt) };
}
