import { Controller, Get, Query } from '@nestjs/common';

import { AuditEntryDto, AuditErrors, AuditQuery, InstallationAuditQuery } from '#audit';
import { ApiRoute, type Page, PageOf, present } from '#http';
import { RequireOperator, RequireRole, OrganizationParam } from '#rbac';

import { AuditPages } from './audit-pages.js';

/** The audit log of an organization, and that of the installation. */
@Controller()
export class AuditController {
  constructor(private readonly audit: AuditPages) {}

  @Get('organizations/:organizationId/audit')
  @RequireRole('admin')
  @ApiRoute({
    id: 'listAuditEntries',
    tag: 'organizations',
    summary: 'Read the audit log',
    description:
      'The recorded actions in the organization, with actor and address, latest first. Deployments have events of their own instead.',
    answer: PageOf(AuditEntryDto),
    problems: [AuditErrors.RANGE_EMPTY],
  })
  async list(@OrganizationParam() organizationId: string, @Query() query: AuditQuery): Promise<Page<AuditEntryDto>> {
    return this.audit.ofOrganization(organizationId, query, (entry) => present(AuditEntryDto, entry));
  }

  @Get('admin/audit')
  @RequireOperator()
  @ApiRoute({
    id: 'listInstallationAuditEntries',
    tag: 'operators',
    summary: 'Read the audit log of the installation',
    description:
      'The recorded actions on accounts and the installation, or with `organizationId` those in one organization, deleted or not. Latest first.',
    answer: PageOf(AuditEntryDto),
    problems: [AuditErrors.RANGE_EMPTY],
  })
  async listInstallation(@Query() query: InstallationAuditQuery): Promise<Page<AuditEntryDto>> {
    return this.audit.ofInstallation(query, (entry) => present(AuditEntryDto, entry));
  }
}
