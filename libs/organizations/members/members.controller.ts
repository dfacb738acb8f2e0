import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages, present } from '#http';
import { type Actor, CurrentActor, RequireRole, OrganizationParam } from '#rbac';

import { MemberDto, UpdateMemberDto } from './members.dto.js';
import { MembersService } from './members.service.js';
import { MemberErrors } from '../organizations.errors.js';

const MEMBER = 'The member, by the id of the user.';

const CHANGE_PROBLEMS = [MemberErrors.NOT_FOUND, MemberErrors.LAST_ADMIN];

/** The members of an organization. */
@ApiTags('organizations')
@Controller('organizations/:organizationId')
export class MembersController {
  constructor(
    private readonly members: MembersService,
    private readonly pages: Pages,
  ) {}

  @Get('members')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listMembers',
    summary: 'List members',
    description: 'The members of the organization, each with its role.',
    answer: PageOf(MemberDto),
  })
  async list(@OrganizationParam() organizationId: string, @Query() query: PageQuery): Promise<Page<MemberDto>> {
    return this.pages.byId(
      'members',
      { organizationId },
      query,
      (take, after) => this.members.list(organizationId, take, after),
      (member) => present(MemberDto, member),
    );
  }

  @Patch('members/:userId')
  @RequireRole('admin', { sessionOnly: true })
  @ApiRoute({
    id: 'updateMember',
    summary: "Change a member's role",
    result: 'The member with the new role.',
    description:
      'Takes effect on the next request of the member. The last admin cannot be demoted. Not for API tokens: a role outlives them.',
    answer: MemberDto,
    problems: CHANGE_PROBLEMS,
  })
  async update(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @IdParam('userId', MEMBER) userId: string,
    @Body() { role }: UpdateMemberDto,
  ): Promise<MemberDto> {
    return present(MemberDto, await this.members.changeRole(actor, organizationId, userId, role));
  }

  @Delete('members/:userId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'removeMember',
    summary: 'Remove a member',
    result: 'The member is removed; what it submitted stays.',
    description:
      'Ends the access of the member, and of its API tokens in the organization, from the next request on; its open event streams end within 1 s (5 s without Redis). Its deployments stay, under the care of admins. The last admin cannot be removed.',
    problems: CHANGE_PROBLEMS,
  })
  async remove(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @IdParam('userId', MEMBER) userId: string,
  ): Promise<void> {
    await this.members.remove(actor, organizationId, userId);
  }

  @Post('leave')
  @RequireRole('viewer', { sessionOnly: true })
  @ApiRoute({
    id: 'leaveOrganization',
    summary: 'Leave an organization',
    result: 'You are no longer a member.',
    description: 'Not for API tokens. What you submitted stays. The last admin cannot leave.',
    problems: CHANGE_PROBLEMS,
  })
  async leave(@CurrentActor() actor: Actor, @OrganizationParam() organizationId: string): Promise<void> {
    await this.members.leave(actor, organizationId);
  }
}
