import { Injectable } from '@nestjs/common';

import { type AuditQuery, AuditTrail, type AuditView, type InstallationAuditQuery, positionOf } from '#audit';
import { type Page, Pages } from '#http';

/** Pages of the audit log, which is ordered by time and not by id. */
@Injectable()
export class AuditPages {
  constructor(
    private readonly trail: AuditTrail,
    private readonly pages: Pages,
  ) {}

  /** Entries of one organization. */
  async ofOrganization<T>(organizationId: string, query: AuditQuery, show: (view: AuditView) => T): Promise<Page<T>> {
    const page = this.pages.open('audit', { organizationId }, query);
    const { entries, end } = await this.trail.list(organizationId, query, page.take, page.after);
    return page.of(entries, positionOf, show, end);
  }

  /** Entries of the installation, or of the organization that the query names. */
  async ofInstallation<T>(query: InstallationAuditQuery, show: (view: AuditView) => T): Promise<Page<T>> {
    const page = this.pages.open('installation-audit', {}, query);
    const { entries, end } = await this.trail.list(query.organizationId ?? null, query, page.take, page.after);
    return page.of(entries, positionOf, show, end);
  }
}
