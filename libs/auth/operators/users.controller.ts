import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import {
  ApiRoute,
  Idempotency,
  IdempotencyKey,
  IdParam,
  type KeyedRequest,
  type Page,
  PageOf,
  Pages,
  present,
} from '#http';

import { type Actor, CurrentActor } from '../access/actor.js';
import { RequireOperator } from '../access/route-access.js';
import { AuthErrors } from '../auth.errors.js';
import { ResetCodeDto, UserAccountDto, UsersQuery } from './users.dto.js';
import { UsersService } from './users.service.js';

/** Accounts, for operators. */
@RequireOperator()
@ApiTags('operators')
@Controller('admin/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly pages: Pages,
    private readonly idempotency: Idempotency,
  ) {}

  @Get()
  @ApiRoute({
    id: 'listUsers',
    summary: 'List accounts',
    description: 'All accounts of the installation, newest first.',
    answer: PageOf(UserAccountDto),
  })
  async list(@Query() query: UsersQuery): Promise<Page<UserAccountDto>> {
    return this.pages.byId(
      'users',
      {},
      query,
      (take, after) => this.users.list(take, after, query.username),
      (account) => present(UserAccountDto, account),
    );
  }

  @Post(':userId/disable')
  @ApiRoute({
    id: 'disableUser',
    summary: 'Disable an account',
    result: 'The account, disabled; its sessions and API tokens have ended.',
    description: 'Its sessions and API tokens end at once, and stay ended when it is enabled again.',
    answer: UserAccountDto,
    problems: [AuthErrors.USER_NOT_FOUND, AuthErrors.CANNOT_DISABLE_SELF],
  })
  async disable(
    @CurrentActor() actor: Actor,
    @IdParam('userId', 'Which user.') userId: string,
  ): Promise<UserAccountDto> {
    return present(UserAccountDto, await this.users.disable(actor, userId));
  }

  @Post(':userId/enable')
  @ApiRoute({
    id: 'enableUser',
    summary: 'Enable an account',
    result: 'The account, which can sign in again.',
    description: 'It can sign in again.',
    answer: UserAccountDto,
    problems: [AuthErrors.USER_NOT_FOUND],
  })
  async enable(
    @CurrentActor() actor: Actor,
    @IdParam('userId', 'Which user.') userId: string,
  ): Promise<UserAccountDto> {
    return present(UserAccountDto, await this.users.enable(actor, userId));
  }

  @Post(':userId/reset-code')
  @ApiRoute({
    id: 'createResetCode',
    isNewWork: false,
    summary: 'Make a reset code',
    result: 'The code, which no later answer shows, and when it expires.',
    description: 'For a user who forgot the password. It works once, for 30 minutes, and replaces an earlier one.',
    answer: ResetCodeDto,
    status: 201,
    problems: [AuthErrors.USER_NOT_FOUND],
  })
  async createResetCode(
    @CurrentActor() actor: Actor,
    @IdParam('userId', 'Which user.') userId: string,
    @IdempotencyKey() request: KeyedRequest,
  ): Promise<ResetCodeDto> {
    return this.idempotency.once(request, actor.id, async () =>
      present(ResetCodeDto, await this.users.createResetCode(actor, userId)),
    );
  }
}
