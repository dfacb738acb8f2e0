import { Injectable } from '@nestjs/common';

import { Database } from '#database';
import { OrganizationVisibilityErrors } from '#rbac';

import { readBytes } from '../stored-bytes.repository.js';
import { type Limits, OrganizationLimits } from './organization-limits.js';

/** Tells members the limits of their organization. */
@Injectable()
export class OrganizationUse {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
  ) {}

  /** The limits of an organization, and what it stores. @throws ORGANIZATIONS.NOT_FOUND when it was deleted since the guard looked */
  async read(organizationId: string): Promise<{ readonly limits: Limits; readonly storedBytes: number }> {
    const em = this.database.reader();
    const limits = await this.limits.read(em, organizationId);
    if (limits === undefined) throw OrganizationVisibilityErrors.NOT_FOUND.because();
    return { limits, storedBytes: Math.max(0, await readBytes(em, organizationId)) };
  }
}
