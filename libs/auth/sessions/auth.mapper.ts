import { Injectable } from '@nestjs/common';

import { AccessTokens } from '../access/access-tokens.js';
import { type TokensDto, type UserDto } from './auth.dto.js';
import { type SignedIn, type UserView } from './sessions.service.js';

/** What a user may see of an account. */
export function toUserDto({ id, username, email, isOperator }: UserView): UserDto {
  return { id, username, email, isOperator };
}

/** Turns a session that was just opened or continued into the tokens that go with it. */
@Injectable()
export class TokensMapper {
  constructor(private readonly accessTokens: AccessTokens) {}

  toDto({ session, user }: SignedIn): TokensDto {
    return {
      accessToken: this.accessTokens.issue(session.userId, session.sessionId),
      tokenType: 'Bearer',
      expiresIn: this.accessTokens.lifetimeSeconds,
      refreshToken: session.refreshToken,
      user: toUserDto(user),
    };
  }
}
