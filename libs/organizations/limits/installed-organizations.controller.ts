import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ApiRoute, type Page, PageOf, PageQuery, Pages, present } from '#http';
import { type Actor, CurrentActor, OrganizationParam, OrganizationVisibilityErrors, RequireOperator } from '#rbac';

import { InstalledOrganizationDto, UpdateInstalledOrganizationDto } from './installed-organizations.dto.js';
import { InstalledOrganizationsService } from './installed-organizations.service.js';

/** The organizations of the installation, for operators. */
@ApiTags('operators')
@RequireOperator()
@Controller('admin/organizations')
export class InstalledOrganizationsController {
  constructor(
    private readonly organizations: InstalledOrganizationsService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @ApiRoute({
    id: 'listInstalledOrganizations',
    summary: 'List all organizations',
    description:
      'All organizations of the installation, newest first, with their limits; also those that were deleted.',
    answer: PageOf(InstalledOrganizationDto),
  })
  async list(@Query() query: PageQuery): Promise<Page<InstalledOrganizationDto>> {
    return this.pages.byId(
      'installed-organizations',
      {},
      query,
      (take, after) => this.organizations.list(take, after),
      (organization) => present(InstalledOrganizationDto, organization),
    );
  }

  @Patch(':organizationId')
  @ApiRoute({
    id: 'updateInstalledOrganization',
    summary: 'Set limits of an organization',
    result: 'The organization with the limits that now hold.',
    description:
      'Sets how much an organization may have. What it has above a lower limit stays; it gets no more. Takes effect within a second.',
    answer: InstalledOrganizationDto,
    problems: [OrganizationVisibilityErrors.NOT_FOUND],
  })
  async update(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @Body() { limits }: UpdateInstalledOrganizationDto,
  ): Promise<InstalledOrganizationDto> {
    return present(InstalledOrganizationDto, await this.organizations.setLimits(actor, organizationId, limits));
  }
}
