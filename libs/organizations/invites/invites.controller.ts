import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import {
  ApiRoute,
  Idempotency,
  IdempotencyKey,
  IdParam,
  type KeyedRequest,
  type Page,
  PageOf,
  PageQuery,
  Pages,
  present,
} from '#http';
import { type Actor, CurrentActor, RequireRole, OrganizationParam } from '#rbac';

import { CreateInviteDto, InviteDto, NewInviteDto } from './invites.dto.js';
import { InvitesService } from './invites.service.js';
import { InviteErrors } from '../organizations.errors.js';
import { type ListedInvite } from '../organizations.repository.js';

/** The codes by which users join an organization. */
@ApiTags('organizations')
@Controller('organizations/:organizationId/invites')
export class InvitesController {
  constructor(
    private readonly invites: InvitesService,
    private readonly pages: Pages,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @RequireRole('admin', { sessionOnly: true })
  @ApiRoute({
    id: 'createInvite',
    summary: 'Create an invite code',
    result: 'The invite with its code, which no later answer shows.',
    description:
      'A code by which others join, in the role that it carries. It is shown in this answer and never again. Not for API tokens: a membership outlives them.',
    answer: NewInviteDto,
    status: 201,
    problems: [InviteErrors.LIMIT_REACHED],
  })
  async create(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @IdempotencyKey() request: KeyedRequest,
    @Body() { note, ...order }: CreateInviteDto,
  ): Promise<NewInviteDto> {
    return this.idempotency.once(request, actor.id, async () =>
      present(NewInviteDto, await this.invites.create(actor, organizationId, { ...order, note: note ?? null })),
    );
  }

  @Get()
  @RequireRole('admin')
  @ApiRoute({
    id: 'listInvites',
    summary: 'List invites',
    description:
      'Newest first, each with the number of users that can still join by it. Expired invites stay listed for 30 days.',
    answer: PageOf(InviteDto),
  })
  async list(@OrganizationParam() organizationId: string, @Query() query: PageQuery): Promise<Page<InviteDto>> {
    return this.pages.byId(
      'invites',
      { organizationId },
      query,
      (take, after) => this.invites.list(organizationId, take, after),
      toInviteDto,
    );
  }

  @Delete(':inviteId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'revokeInvite',
    summary: 'Revoke an invite code',
    result: 'The code no longer works.',
    description: 'Ends the code at once. Members who joined by it stay.',
    problems: [InviteErrors.NOT_FOUND],
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @IdParam('inviteId', 'The invite.') inviteId: string,
  ): Promise<void> {
    await this.invites.revoke(actor, organizationId, inviteId);
  }
}

function toInviteDto({ createdById, createdByName, ...invite }: ListedInvite): InviteDto {
  const usesLeft = invite.state === 'usable' ? invite.maxUses - invite.uses : 0;
  return present(InviteDto, { ...invite, usesLeft, createdBy: { id: createdById, name: createdByName } });
}
