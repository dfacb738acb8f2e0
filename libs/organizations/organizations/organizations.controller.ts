import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import {
  ApiRoute,
  ExpectedVersions,
  Idempotency,
  IdempotencyKey,
  IfMatch,
  type KeyedRequest,
  type Page,
  PageOf,
  Pages,
  present,
  withEntityTag,
} from '#http';
import { type Actor, CurrentActor, RequireRole, SignedIn, OrganizationParam } from '#rbac';

import {
  CreateOrganizationDto,
  JoinOrganizationDto,
  ListOrganizationsQuery,
  OrganizationDto,
  UpdateOrganizationDto,
} from './organizations.dto.js';
import { InviteErrors, OrganizationErrors } from '../organizations.errors.js';
import { type OrganizationView } from '../organizations.repository.js';
import { OrganizationsService } from './organizations.service.js';

/** Organizations, from creation to deletion, and joining them. */
@ApiTags('organizations')
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
    summary: 'Create an organization',
    description: 'You become its first admin.',
    answer: OrganizationDto,
    status: 201,
    location: '/v1/organizations/{id}',
    problems: [OrganizationErrors.LIMIT_REACHED],
  })
  async create(
    @CurrentActor() actor: Actor,
    @IdempotencyKey() request: KeyedRequest,
    @Body() { name }: CreateOrganizationDto,
  ): Promise<OrganizationDto> {
    return this.idempotency.once(request, actor.id, async () =>
      present(OrganizationDto, await this.organizations.create(actor, name)),
    );
  }

  @Get()
  @SignedIn()
  @ApiRoute({
    id: 'listOrganizations',
    summary: 'List your organizations',
    description: 'The organizations that you belong to, with your role in each, newest first.',
    answer: PageOf(OrganizationDto),
  })
  async list(@CurrentActor() actor: Actor, @Query() query: ListOrganizationsQuery): Promise<Page<OrganizationDto>> {
    return this.pages.byId(
      'organizations',
      { userId: actor.id },
      query,
      (take, after) => this.organizations.listOf(actor, { name: query.name, take, after }),
      (organization) => present(OrganizationDto, organization),
    );
  }

  @Post('join')
  @SignedIn()
  @ApiRoute({
    id: 'joinOrganization',
    isNewWork: true,
    summary: 'Join an organization',
    result: 'The organization, and the role of the new member in it.',
    description:
      'Makes you a member by an invite code, with the role that it carries. A member keeps its role, and uses nothing up.',
    answer: OrganizationDto,
    problems: [
      InviteErrors.NOT_FOUND,
      InviteErrors.EXPIRED,
      InviteErrors.REVOKED,
      InviteErrors.EXHAUSTED,
      InviteErrors.MEMBER_REMOVED,
      OrganizationErrors.MEMBER_LIMIT_REACHED,
    ],
  })
  async join(@CurrentActor() actor: Actor, @Body() { code }: JoinOrganizationDto): Promise<OrganizationDto> {
    return present(OrganizationDto, await this.organizations.join(actor, code));
  }

  @Get(':organizationId')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getOrganization',
    summary: 'Read an organization',
    result: 'The organization, and your role in it.',
    description: 'Its name, and your role in it.',
    answer: OrganizationDto,
    hasEntityTag: true,
  })
  async read(@CurrentActor() actor: Actor, @OrganizationParam() organizationId: string): Promise<OrganizationDto> {
    return tagged(await this.organizations.read(organizationId, actor.role));
  }

  @Patch(':organizationId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'updateOrganization',
    isNewWork: true,
    summary: 'Rename an organization',
    result: 'The organization with its new name.',
    description: 'Names need not be unique.',
    answer: OrganizationDto,
    hasEntityTag: true,
  })
  async update(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @Body() { name }: UpdateOrganizationDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<OrganizationDto> {
    return tagged(await this.organizations.rename(actor, organizationId, name, expected));
  }

  @Delete(':organizationId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'deleteOrganization',
    summary: 'Delete an organization',
    result: 'The organization is deleted, with its memberships, invites, service accounts and tokens.',
    description:
      'Only while none of its deployments waits, runs or has resources: drain the clusters first. Memberships, invites, service accounts and tokens end at once, for good.',
    problems: [OrganizationErrors.IN_USE],
  })
  async delete(@CurrentActor() actor: Actor, @OrganizationParam() organizationId: string): Promise<void> {
    await this.organizations.delete(actor, organizationId);
  }
}

/** An organization with its entity tag, for an answer that can be edited. */
function tagged(organization: OrganizationView): OrganizationDto {
  return withEntityTag(present(OrganizationDto, organization), organization.version);
}
