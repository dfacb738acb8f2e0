import { Body, Controller, Get, Patch, Query } from '@nestjs/common';

import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireOperator } from '#rbac';

import { InstalledOrganizationDto, UpdateInstalledOrganizationDto } from './installed-organizations.dto.js';
import { AdminOrganizationsService } from './installed-organizations.service.js';
import { toInstalledOrganizationDto } from '../organizations.mapper.js';

const TAG = 'operators';

/** What operators do with organizations. */
@RequireOperator()
@Controller('admin/organizations')
export class AdminOrganizationsController {
  constructor(
    private readonly organizations: AdminOrganizationsService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @ApiRoute({
    id: 'listInstalledOrganizations',
    tag: TAG,
    summary: 'List all organizations',
    description:
      'All organizations of the installation, newest first, with their limits; also those that were deleted.',
    answer: PageOf(InstalledOrganizationDto),
    problems: [RbacErrors.OPERATOR_REQUIRED],
  })
  async list(@Query() query: PageQuery): Promise<Page<InstalledOrganizationDto>> {
    return this.pages.byId(
      'installed-organizations',
      {},
      query,
      (take, after) => this.organizations.list(take, after),
      toInstalledOrganizationDto,
    );
  }

  @Patch(':organizationId')
  @ApiRoute({
    id: 'updateInstalledOrganization',
    tag: TAG,
    summary: 'Set limits of an organization',
    description:
      'How much it may have. What it has above a lower limit stays: it only gets no more of it. Acts within a second.',
    answer: InstalledOrganizationDto,
    problems: [RbacErrors.OPERATOR_REQUIRED, OrganizationVisibilityErrors.NOT_FOUND],
  })
  async update(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @Body() { limits }: UpdateInstalledOrganizationDto,
  ): Promise<InstalledOrganizationDto> {
    return toInstalledOrganizationDto(await this.organizations.setLimits(actor, organizationId, limits));
  }
}
