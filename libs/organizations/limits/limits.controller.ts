import { Controller, Get } from '@nestjs/common';

import { ApiRoute, present } from '#http';
import { OrganizationParam, RequireRole } from '#rbac';

import { OrganizationUseDto } from './limits.dto.js';
import { OrganizationUse } from './organization-use.js';

/** The limits of an organization, for its members. */
@Controller('organizations/:organizationId/limits')
export class LimitsController {
  constructor(private readonly use: OrganizationUse) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getOrganizationLimits',
    tag: 'organizations',
    summary: 'Read the limits of an organization',
    result: 'The limits of the organization, and the bytes that its deployments take.',
    description:
      'How much the organization may have, and how many bytes its deployments take at this moment. Operators change the limits.',
    answer: OrganizationUseDto,
  })
  async read(@OrganizationParam() organizationId: string): Promise<OrganizationUseDto> {
    return present(OrganizationUseDto, await this.use.read(organizationId));
  }
}
