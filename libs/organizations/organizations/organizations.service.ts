import { Injectable } from '@nestjs/common';

import { newId, type Role } from '#kernel';
import { AuditLog } from '#audit';
import { deleteTokensOfOrganization } from '#auth';
import { Settings } from '#config';
import { changesOf, Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';
import { type ExpectedVersions } from '#http';
import { type Actor, auditedBy, OrganizationVisibilityErrors } from '#rbac';

import { InviteRedemption } from '../invites/invite-redemption.js';
import { OrganizationClosing } from './organization-closing.js';
import { OrganizationErrors } from '../organizations.errors.js';

/** An organization as one of its members sees it. */
export interface OrganizationView {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** The role of whoever asks; `admin` for operators. */
  readonly role: Role | null;
  /** Counts the edits. */
  readonly version: number;
}

/** Closing looks at everything an organization ever ran, so it may take longer than a request usually does. */
const DELETION_STATEMENT_TIMEOUT_MS = 20_000;

/** Organizations, from founding to deletion. */
@Injectable()
export class OrganizationsService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly redemption: InviteRedemption,
    private readonly closing: OrganizationClosing,
    private readonly audit: AuditLog,
  ) {}

  /** Creates an organization whose first admin is the creator. @throws DomainError ORGANIZATIONS.LIMIT_REACHED */
  async create(actor: Actor, name: string): Promise<OrganizationView> {
    return this.database.transaction(async (tx) => {
      await this.assertRoom(tx, actor.id);
      const id = newId();
      const [row] = await rowsOf(
        tx,
        sql<{ createdAt: string }>`
          insert into organizations (id, name, created_by) values (${id}, ${name}, ${actor.id})
          returning created_at as "createdAt"`,
      );
      if (row === undefined) throw new Error('an organization was inserted and not returned');
      await changesOf(
        tx,
        sql`insert into memberships (organization_id, user_id, role) values (${id}, ${actor.id}, 'admin')`,
      );
      await this.audit.record(tx, {
        organizationId: id,
        ...auditedBy(actor),
        action: 'organization_create',
        target: { kind: 'organization', id, name },
        after: { name },
      });
      return { id, name, createdAt: rfc3339(row.createdAt), role: 'admin', version: 1 };
    });
  }

  /** The organizations that the actor belongs to, newest first, from after an id on. */
  async listOf(actor: Actor, take: number, after: string | undefined): Promise<OrganizationView[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<OrganizationView>`
        select o.id, o.name, o.created_at as "createdAt", o.version, m.role
        from memberships m join organizations o on o.id = m.organization_id
        where m.user_id = ${actor.id} and o.deleted_at is null
          and (${after ?? null}::uuid is null or o.id < ${after ?? null}::uuid)
        order by o.id desc limit ${take}`,
    );
    return rows.map((row) => ({ ...row, createdAt: rfc3339(row.createdAt) }));
  }

  /** One organization. @throws DomainError ORGANIZATIONS.NOT_FOUND when it was deleted since the guard looked */
  async read(organizationId: string, role: Role | null): Promise<OrganizationView> {
    return this.find(this.database.reader(), organizationId, role);
  }

  /** Gives an organization another name; the name that it has already is as good. @throws DomainError REQUEST.PRECONDITION_FAILED */
  async rename(
    actor: Actor,
    organizationId: string,
    name: string,
    expected: ExpectedVersions,
  ): Promise<OrganizationView> {
    return this.database.transaction(async (tx) => {
      const before = await this.find(tx, organizationId, actor.role, sql`for no key update`);
      expected.assertIncludes(before.version);
      if (before.name === name) return before;
      await changesOf(
        tx,
        sql`update organizations set name = ${name}, version = version + 1 where id = ${organizationId}`,
      );
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'organization_rename',
        target: { kind: 'organization', id: organizationId, name },
        before: { name: before.name },
        after: { name },
      });
      return { ...before, name, version: before.version + 1 };
    });
  }

  /**
   * Deletes an organization in which no work is left. Members, invites, service accounts and tokens are gone at once; what was run, and
   * the audit log, stay as they are, and only operators can still read the log.
   *
   * @throws DomainError ORGANIZATIONS.IN_USE
   */
  async delete(actor: Actor, organizationId: string): Promise<void> {
    await this.database.transaction(
      async (tx) => {
        // Whoever is about to add a member, a cluster, an invite or a token waits for this lock, and then finds the organization gone. The
        // key stays free: passes look at it, under the locks of clusters that are asked for below.
        const { name } = await this.find(tx, organizationId, actor.role, sql`for no key update`);
        const remaining = await this.closing.close(tx, organizationId);
        if (remaining.clusters > 0) throw OrganizationErrors.IN_USE.because(undefined, { ...remaining });
        await deleteTokensOfOrganization(tx, organizationId);
        await changesOf(tx, sql`delete from invites where organization_id = ${organizationId}`);
        const members = await changesOf(tx, sql`delete from memberships where organization_id = ${organizationId}`);
        await changesOf(
          tx,
          sql`update organizations set deleted_at = now(), version = version + 1 where id = ${organizationId}`,
        );
        await this.audit.record(tx, {
          organizationId,
          ...auditedBy(actor),
          action: 'organization_delete',
          target: { kind: 'organization', id: organizationId, name },
          before: { name, members },
        });
      },
      { statementTimeoutMs: DELETION_STATEMENT_TIMEOUT_MS },
    );
  }

  /** Joins by code, or answers with the membership that was there before. */
  async join(actor: Actor, code: string): Promise<OrganizationView> {
    return this.database.transaction(async (tx) => {
      const { organizationId, role } = await this.redemption.redeem(tx, code, {
        id: actor.id,
        name: actor.name,
        audited: auditedBy(actor),
      });
      return this.find(tx, organizationId, role);
    });
  }

  /** Organizations that were deleted count no more. Founders take turns with themselves alone. */
  private async assertRoom(tx: EntityManager, userId: string): Promise<void> {
    await rowsOf(tx, sql`select 1 from users where id = ${userId} for no key update`);
    const [row] = await rowsOf(
      tx,
      sql<{ count: number }>`
        select count(*)::int as count from organizations where created_by = ${userId} and deleted_at is null`,
    );
    const limit = this.settings.limitOrganizations;
    if ((row?.count ?? 0) >= limit) throw OrganizationErrors.LIMIT_REACHED.because(undefined, { limit });
  }

  private async find(
    em: EntityManager,
    organizationId: string,
    role: Role | null,
    locking = sql``,
  ): Promise<OrganizationView> {
    const [row] = await rowsOf(
      em,
      sql<Omit<OrganizationView, 'role'>>`
        select id, name, created_at as "createdAt", version from organizations
        where id = ${organizationId} and deleted_at is null ${locking}`,
    );
    if (row === undefined) throw OrganizationVisibilityErrors.NOT_FOUND.because();
    return { ...row, createdAt: rfc3339(row.createdAt), role };
  }
}
