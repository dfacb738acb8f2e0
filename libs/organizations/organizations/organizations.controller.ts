import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';

import {
  ApiRoute,
  ExpectedVersions,
  Idempotency,
  IdempotencyKey,
  IdParam,
  IfMatch,
  type KeyedRequest,
  type Page,
  PageOf,
  PageQuery,
  Pages,
} from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole, SignedIn } from '#rbac';

import {
  CreateOrganizationDto,
  JoinOrganizationDto,
  OrganizationDto,
  UpdateOrganizationDto,
} from './organizations.dto.js';
import { InviteErrors, OrganizationErrors } from '../organizations.errors.js';
import { toOrganizationDto, toTaggedOrganizationDto } from '../organizations.mapper.js';
import { OrganizationsService } from './organizations.service.js';

const TAG = 'organizations';

/** Organizations, from founding to deletion, and joining them. */
@Controller('organizations')
export class OrganizationsController {
  constructor(
    private readonly organizations: OrganizationsService,
    private readonly pages: Pages,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @SignedIn()
  @ApiRoute({
    id: 'createOrganization',
    tag: TAG,
    summary: 'Create an organization',
    description: 'You become its first admin.',
    answer: OrganizationDto,
    status: 201,
    location: '/v1/organizations/{id}',
    problems: [RbacErrors.SESSION_REQUIRED, OrganizationErrors.LIMIT_REACHED],
  })
  async create(
    @CurrentActor() actor: Actor,
    @IdempotencyKey() request: KeyedRequest,
    @Body() { name }: CreateOrganizationDto,
  ): Promise<OrganizationDto> {
    return this.idempotency.once(request, actor.id, async () =>
      toOrganizationDto(await this.organizations.create(actor, name)),
    );
  }

  @Get()
  @SignedIn()
  @ApiRoute({
    id: 'listOrganizations',
    tag: TAG,
    summary: 'List your organizations',
    description: 'The organizations that you belong to, with your role in each, newest first.',
    answer: PageOf(OrganizationDto),
    problems: [RbacErrors.SESSION_REQUIRED],
  })
  async list(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<OrganizationDto>> {
    return this.pages.byId(
      'organizations',
      { userId: actor.id },
      query,
      (take, after) => this.organizations.listOf(actor, take, after),
      toOrganizationDto,
    );
  }

  @Post('join')
  @SignedIn()
  @ApiRoute({
    id: 'joinOrganization',
    tag: TAG,
    summary: 'Join an organization',
    description:
      'With an invite code, in the role that it carries. Whoever is a member already stays what they are, and uses nothing up.',
    answer: OrganizationDto,
    problems: [
      RbacErrors.SESSION_REQUIRED,
      InviteErrors.NOT_FOUND,
      InviteErrors.EXPIRED,
      InviteErrors.REVOKED,
      InviteErrors.EXHAUSTED,
      OrganizationErrors.MEMBER_LIMIT_REACHED,
    ],
  })
  async join(@CurrentActor() actor: Actor, @Body() { code }: JoinOrganizationDto): Promise<OrganizationDto> {
    return toOrganizationDto(await this.organizations.join(actor, code));
  }

  @Get(':organizationId')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getOrganization',
    tag: TAG,
    summary: 'Read an organization',
    description: 'Its name, and your role in it.',
    answer: OrganizationDto,
    hasEntityTag: true,
    problems: [OrganizationVisibilityErrors.NOT_FOUND],
  })
  async read(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
  ): Promise<OrganizationDto> {
    return toTaggedOrganizationDto(await this.organizations.read(organizationId, actor.role));
  }

  @Patch(':organizationId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'updateOrganization',
    tag: TAG,
    summary: 'Rename an organization',
    description: 'Names need not be unique.',
    answer: OrganizationDto,
    hasEntityTag: true,
    problems: [OrganizationVisibilityErrors.NOT_FOUND, RbacErrors.ROLE_TOO_LOW],
  })
  async update(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @Body() { name }: UpdateOrganizationDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<OrganizationDto> {
    return toTaggedOrganizationDto(await this.organizations.rename(actor, organizationId, name, expected));
  }

  @Delete(':organizationId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'deleteOrganization',
    tag: TAG,
    summary: 'Delete an organization',
    description:
      'Only when none of its deployments waits, runs or holds resources: drain the clusters first. Access, invites, service accounts and tokens end at once, and nobody can bring them back.',
    problems: [OrganizationVisibilityErrors.NOT_FOUND, RbacErrors.ROLE_TOO_LOW, OrganizationErrors.IN_USE],
  })
  async delete(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
  ): Promise<void> {
    await this.organizations.delete(actor, organizationId);
  }
}
