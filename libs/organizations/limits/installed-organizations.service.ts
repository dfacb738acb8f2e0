import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Database } from '#database';
import { type Actor, auditedBy } from '#rbac';

import { LIMIT_NAMES, type OwnLimits } from '../organization.entity.js';
import { type InstalledRow, listInstalled, updateOwnLimits } from '../organizations.repository.js';
import { assertLocked, type Limits, OrganizationLimits } from './organization-limits.js';

/** An organization as operators see it. */
export interface InstalledOrganization extends InstalledRow {
  /** The limits in force. */
  readonly limits: Limits;
}

/** Limits to set: null returns to the default; absent limits stay. */
export type LimitChanges = Partial<OwnLimits>;

/** All organizations of the installation, and how much each may have. */
@Injectable()
export class InstalledOrganizationsService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /** All organizations of the installation, newest first, after the one that is named; deleted ones too. */
  async list(take: number, after: string | undefined): Promise<InstalledOrganization[]> {
    const rows = await listInstalled(this.database.reader(), take, after);
    return rows.map((row) => ({ ...row, limits: this.limits.inForce(row.ownLimits) }));
  }

  /**
   * Sets limits of an organization. What it has above a lower limit stays; it gets no more.
   *
   * @throws ORGANIZATIONS.NOT_FOUND also for one that was deleted
   */
  async setLimits(actor: Actor, organizationId: string, changes: LimitChanges): Promise<InstalledOrganization> {
    return this.database.transaction(async (tx) => {
      const organization = await assertLocked(tx, organizationId);
      const { id, name, createdAt } = organization;
      const before = organization.ownLimits();
      const ownLimits = { ...before, ...changes };
      const changed = LIMIT_NAMES.filter((limit) => ownLimits[limit] !== before[limit]);
      const view = { id, name, createdAt, deletedAt: null, ownLimits, limits: this.limits.inForce(ownLimits) };
      if (changed.length === 0) return view;
      await updateOwnLimits(tx, id, ownLimits);
      const only = (limits: OwnLimits): Record<string, number | null> =>
        Object.fromEntries(changed.map((limit) => [limit, limits[limit]]));
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'organization_limits_change',
        target: { kind: 'organization', id, name },
        before: only(before),
        after: only(ownLimits),
      });
      return view;
    });
  }
}
