import { Controller, Get, Query } from '@nestjs/common';

import { AuditEntryDto, AuditErrors, AuditQuery, InstallationAuditQuery, toAuditEntryDto } from '#audit';
import { ApiRoute, IdParam, type Page, PageOf } from '#http';
import { OrganizationVisibilityErrors, RbacErrors, RequireOperator, RequireRole } from '#rbac';

import { AuditPages } from './audit-pages.js';

/** What was done, for those who answer for it. */
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
      'What was done in the organization, by whom and from where, latest first. Deployments have their own events instead.',
    answer: PageOf(AuditEntryDto),
    problems: [OrganizationVisibilityErrors.NOT_FOUND, RbacErrors.ROLE_TOO_LOW, AuditErrors.RANGE_EMPTY],
  })
  async list(
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @Query() query: AuditQuery,
  ): Promise<Page<AuditEntryDto>> {
    return this.audit.ofOrganization(organizationId, query, toAuditEntryDto);
  }

  @Get('admin/audit')
  @RequireOperator()
  @ApiRoute({
    id: 'listInstallationAuditEntries',
    tag: 'operators',
    summary: 'Read the audit log of the installation',
    description:
      'What concerned accounts and the installation, or with `organizationId` one organization, also when it was deleted. Latest first.',
    answer: PageOf(AuditEntryDto),
    problems: [RbacErrors.OPERATOR_REQUIRED, AuditErrors.RANGE_EMPTY],
  })
  async listInstallation(@Query() query: InstallationAuditQuery): Promise<Page<AuditEntryDto>> {
    return this.audit.ofInstallation(query, toAuditEntryDto);
  }
}
