import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
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

import { type Actor, CurrentActor } from '../access/actor.js';
import { OrganizationVisibilityErrors } from '../access/organization-visibility.js';
import { SignedIn } from '../access/route-access.js';
import { AuthErrors } from '../auth.errors.js';
import { Sessions } from '../sessions/sessions.service.js';
import { ApiTokens } from '../tokens/api-tokens.service.js';
import { CreateTokenDto, NewTokenDto, TokenDto } from '../tokens/tokens.dto.js';
import { ChangePasswordDto, ProfileDto, SessionDto, SessionsEndedDto, UpdateProfileDto } from './me.dto.js';
import { ProfileService } from './profile.service.js';

/** The actor's own account, its sessions and its API tokens. */
@SignedIn()
@ApiTags('me')
@Controller('me')
export class MeController {
  constructor(
    private readonly profile: ProfileService,
    private readonly sessions: Sessions,
    private readonly apiTokens: ApiTokens,
    private readonly pages: Pages,
    private readonly idempotency: Idempotency,
  ) {}

  @Get()
  @ApiRoute({
    id: 'getMe',
    summary: 'Who am I',
    result: 'The account that is signed in.',
    description: 'The account that is signed in.',
    answer: ProfileDto,
  })
  async read(@CurrentActor() actor: Actor): Promise<ProfileDto> {
    return present(ProfileDto, await this.profile.read(actor));
  }

  @Patch()
  @ApiRoute({
    id: 'updateMe',
    summary: 'Change the e-mail address',
    result: 'The account with the new address.',
    description:
      'Sets or (with null) removes the address. An address that another account holds can be given, but not signed in by.',
    answer: ProfileDto,
    problems: [AuthErrors.CURRENT_PASSWORD_WRONG, AuthErrors.TOO_MANY_ATTEMPTS, AuthErrors.BUSY],
  })
  async edit(@CurrentActor() actor: Actor, @Body() { email, currentPassword }: UpdateProfileDto): Promise<ProfileDto> {
    return present(ProfileDto, await this.profile.changeEmail(actor, email, currentPassword));
  }

  @Post('password')
  @ApiRoute({
    id: 'changePassword',
    summary: 'Change the password',
    result: 'The new password is set; all other sessions have ended.',
    description: 'All other sessions end at once. API tokens stay.',
    problems: [
      AuthErrors.CURRENT_PASSWORD_WRONG,
      AuthErrors.PASSWORD_REFUSED,
      AuthErrors.TOO_MANY_ATTEMPTS,
      AuthErrors.BUSY,
    ],
  })
  async changePassword(@CurrentActor() actor: Actor, @Body() body: ChangePasswordDto): Promise<void> {
    await this.profile.changePassword(actor, body.currentPassword, body.newPassword);
  }

  @Get('sessions')
  @ApiRoute({
    id: 'listSessions',
    summary: 'List your sessions',
    description: 'Where the account is signed in, newest first.',
    answer: PageOf(SessionDto),
  })
  async listSessions(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<SessionDto>> {
    return this.pages.byId(
      'sessions',
      { userId: actor.id },
      query,
      (take, after) => this.sessions.list(actor.id, take, after),
      (session) => present(SessionDto, { ...session, isCurrent: session.id === actor.sessionId }),
    );
  }

  @Delete('sessions/:sessionId')
  @ApiRoute({
    id: 'endSession',
    summary: 'End a session',
    result: 'The session and its access tokens have ended.',
    description: 'It ends at once, with its access tokens. It may be the present one.',
    problems: [AuthErrors.SESSION_NOT_FOUND],
  })
  async endSession(
    @CurrentActor() actor: Actor,
    @IdParam('sessionId', 'Which session.') sessionId: string,
  ): Promise<void> {
    await this.sessions.end(actor, sessionId);
  }

  @Delete('sessions')
  @ApiRoute({
    id: 'endOtherSessions',
    summary: 'End all other sessions',
    result: 'All other sessions have ended: how many there were.',
    description: 'All sessions but the present one end at once.',
    answer: SessionsEndedDto,
  })
  async endOtherSessions(@CurrentActor() actor: Actor): Promise<SessionsEndedDto> {
    return { ended: await this.sessions.endOthers(actor) };
  }

  @Get('tokens')
  @ApiRoute({
    id: 'listTokens',
    summary: 'List your API tokens',
    description: 'Your tokens that still work, in all organizations, newest first.',
    answer: PageOf(TokenDto),
  })
  async listTokens(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<TokenDto>> {
    return this.pages.byId(
      'tokens',
      { userId: actor.id },
      query,
      (take, after) => this.apiTokens.list({ userId: actor.id }, take, after),
      (token) => present(TokenDto, token),
    );
  }

  @Post('tokens')
  @ApiRoute({
    id: 'createToken',
    summary: 'Make an API token',
    result: 'The new token. No later answer shows its secret.',
    description:
      'For a program that acts for you in one organization, as the member that you are there: that you are an operator does not count. The token is shown once.',
    answer: NewTokenDto,
    status: 201,
    problems: [
      OrganizationVisibilityErrors.NOT_FOUND,
      AuthErrors.TOKEN_ROLE_TOO_HIGH,
      AuthErrors.TOKEN_LIMIT_REACHED,
      AuthErrors.ORGANIZATION_TOKEN_LIMIT_REACHED,
    ],
  })
  async createToken(
    @CurrentActor() actor: Actor,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: CreateTokenDto,
  ): Promise<NewTokenDto> {
    return this.idempotency.once(request, actor.id, async () =>
      present(NewTokenDto, await this.apiTokens.createOwn(actor, body)),
    );
  }

  @Delete('tokens/:tokenId')
  @ApiRoute({
    id: 'deleteToken',
    summary: 'Delete an API token',
    result: 'The token is deleted and no longer works.',
    description: 'It stops working at once.',
    problems: [AuthErrors.TOKEN_NOT_FOUND],
  })
  async deleteToken(@CurrentActor() actor: Actor, @IdParam('tokenId', 'Which token.') tokenId: string): Promise<void> {
    await this.apiTokens.delete(actor, { userId: actor.id }, tokenId);
  }
}
