import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { changesOf, Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';
import { type Actor, auditedBy, OrganizationVisibilityErrors } from '#rbac';

import { LIMIT_NAMES, type Limits, OrganizationLimits, OWN_LIMITS, type OwnLimits } from './organization-limits.js';

/** An organization as operators see it. */
export interface InstalledOrganization {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly deletedAt: string | null;
  /** What holds. */
  readonly limits: Limits;
  /** What an operator has set; null where the default holds. */
  readonly ownLimits: OwnLimits;
}

/** Limits to set; null goes back to the default; what is left out stays. */
export type LimitChanges = Partial<OwnLimits>;

interface InstalledRow extends OwnLimits {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly deletedAt: string | null;
}

const INSTALLED_COLUMNS = sql`
  o.id, o.name, o.created_at as "createdAt", o.deleted_at as "deletedAt", ${OWN_LIMITS}`;

/** What operators do with organizations: see all of them, and say how much each may have. */
@Injectable()
export class AdminOrganizationsService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /** All organizations of the installation, newest first, from after an id on; also those that were deleted. */
  async list(take: number, after: string | undefined): Promise<InstalledOrganization[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<InstalledRow>`
        select ${INSTALLED_COLUMNS} from organizations o
        where ${after ?? null}::uuid is null or o.id < ${after ?? null}::uuid
        order by o.id desc limit ${take}`,
    );
    return rows.map((row) => this.viewOf(row));
  }

  /**
   * Sets limits of an organization. What it has above a lower limit stays; it only gets no more of it.
   *
   * @throws DomainError ORGANIZATIONS.NOT_FOUND also for one that was deleted
   */
  async setLimits(actor: Actor, organizationId: string, changes: LimitChanges): Promise<InstalledOrganization> {
    return this.database.transaction(async (tx) => {
      const before = await this.hold(tx, organizationId);
      const changed = LIMIT_NAMES.filter((name) => changes[name] !== undefined && changes[name] !== before[name]);
      if (changed.length === 0) return this.viewOf(before);
      const after = { ...before, ...changes };
      await changesOf(
        tx,
        sql`update organizations
            set limit_clusters = ${after.clusters}, limit_members = ${after.members}, limit_invites = ${after.invites},
                limit_tokens = ${after.tokens}, limit_queued = ${after.queued}
            where id = ${organizationId}`,
      );
      const only = (limits: OwnLimits): Record<string, number | null> =>
        Object.fromEntries(changed.map((name) => [name, limits[name]]));
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'organization_limits_change',
        target: { kind: 'organization', id: organizationId, name: before.name },
        before: only(before),
        after: only(after),
      });
      return this.viewOf(after);
    });
  }

  private async hold(tx: EntityManager, organizationId: string): Promise<InstalledRow> {
    const [row] = await rowsOf(
      tx,
      sql<InstalledRow>`
        select ${INSTALLED_COLUMNS} from organizations o
        where o.id = ${organizationId} and o.deleted_at is null for no key update`,
    );
    if (row === undefined) throw OrganizationVisibilityErrors.NOT_FOUND.because();
    return row;
  }

  private viewOf(row: InstalledRow): InstalledOrganization {
    const { id, name, clusters, members, invites, tokens, queued } = row;
    const ownLimits = { clusters, members, invites, tokens, queued };
    return {
      id,
      name,
      createdAt: rfc3339(row.createdAt),
      deletedAt: rfc3339(row.deletedAt),
      limits: this.limits.inForce(ownLimits),
      ownLimits,
    };
  }
}
