import { Body, Controller, Post } from '@nestjs/common';

import { ApiRoute, present } from '#http';

import { LimitByAddress } from '../throttling/address-limit.guard.js';
import { INVITE_REFUSALS } from './invite-redeemer.js';
import { AccessTokens } from '../access/access-tokens.js';
import { requestOrigin } from '../access/actor.js';
import { Public } from '../access/route-access.js';
import { RegistrationService } from './registration.service.js';
import { SignIn } from './sign-in.service.js';
import { LoginDto, RefreshDto, RegistrationDto, ResetDto, TokensDto } from './auth.dto.js';
import { AuthErrors } from '../auth.errors.js';
import { Sessions, type SignedIn } from './sessions.service.js';

/** Registration, sign-in, refresh, sign-out and password reset. */
@Public()
@Controller('auth')
export class AuthController {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly signIn: SignIn,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
  ) {}

  @Post('register')
  @LimitByAddress('register')
  @ApiRoute({
    id: 'registerUser',
    tag: 'auth',
    summary: 'Make an account',
    result: 'The account exists and is signed in: its tokens.',
    description:
      'Makes an account and signs it in. With an invite code the account joins that organization in the same step, or is not made at all.',
    example: { username: 'ada.lovelace', password: 'correct horse battery staple' },
    answer: TokensDto,
    status: 201,
    problems: [AuthErrors.PASSWORD_REFUSED, AuthErrors.USERNAME_TAKEN, AuthErrors.BUSY, ...INVITE_REFUSALS],
  })
  async register(@Body() body: RegistrationDto): Promise<TokensDto> {
    return this.tokensOf(await this.registrations.register(body, requestOrigin()));
  }

  @Post('login')
  @LimitByAddress('login')
  @ApiRoute({
    id: 'loginUser',
    tag: 'auth',
    summary: 'Sign in',
    result: 'A session is open: its access token, and the refresh token for the next one.',
    description:
      'Opens a session. In Swagger UI, the page is then authorized. After ten failures on one account from one address, each further attempt must wait, twice as long each time. Many failures elsewhere slow addresses that are new to the account, never one from which it signed in before.',
    answer: TokensDto,
    problems: [AuthErrors.INVALID_CREDENTIALS, AuthErrors.TOO_MANY_ATTEMPTS, AuthErrors.BUSY],
  })
  async login(@Body() body: LoginDto): Promise<TokensDto> {
    return this.tokensOf(await this.signIn.login(body.username, body.password, requestOrigin()));
  }

  @Post('refresh')
  @LimitByAddress('refresh')
  @ApiRoute({
    id: 'refreshTokens',
    tag: 'auth',
    summary: 'Stay signed in',
    result: 'A new access token, and the refresh token that replaces the one used.',
    description:
      'Uses up a refresh token and answers the next one with a new access token. A client that lost the answer may repeat the request within 10 seconds and gets the same next token. A later second use ends the session.',
    answer: TokensDto,
    problems: [AuthErrors.REFRESH_TOKEN_INVALID, AuthErrors.REFRESH_TOKEN_REUSED],
  })
  async refresh(@Body() body: RefreshDto): Promise<TokensDto> {
    return this.tokensOf(await this.sessions.rotate(body.refreshToken, requestOrigin()));
  }

  @Post('logout')
  @LimitByAddress('refresh')
  @ApiRoute({
    id: 'logoutUser',
    tag: 'auth',
    summary: 'Sign out',
    result: 'The session has ended, by this request or before.',
    description:
      'Ends the session of the refresh token, and with it its access tokens. The answer is the same for a session that has ended.',
  })
  async logout(@Body() body: RefreshDto): Promise<void> {
    await this.sessions.endByRefreshToken(body.refreshToken);
  }

  @Post('reset')
  @LimitByAddress('reset')
  @ApiRoute({
    id: 'resetPassword',
    tag: 'auth',
    summary: 'Set a forgotten password',
    result: 'The new password is set; all sessions have ended.',
    description: 'Sets a new password by a one-time code, which an operator hands over in person. All sessions end.',
    problems: [
      AuthErrors.RESET_CODE_INVALID,
      AuthErrors.PASSWORD_REFUSED,
      AuthErrors.TOO_MANY_ATTEMPTS,
      AuthErrors.BUSY,
    ],
  })
  async reset(@Body() body: ResetDto): Promise<void> {
    await this.signIn.reset(body.username, body.code, body.password, requestOrigin());
  }

  private tokensOf({ session, user }: SignedIn): TokensDto {
    return present(TokensDto, {
      accessToken: this.accessTokens.issue(session.userId, session.sessionId),
      tokenType: 'Bearer',
      expiresIn: this.accessTokens.lifetimeSeconds,
      refreshToken: session.refreshToken,
      user,
    });
  }
}
