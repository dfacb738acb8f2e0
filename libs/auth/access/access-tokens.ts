import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

import { ApiSettings } from '#config';
import { newId } from '#kernel';

/** The audience of access tokens: this API and nothing else. */
export const ACCESS_TOKEN_AUDIENCE = 'stowage-api';

/** The only algorithm: a token that names another one is refused before its key is looked up. */
export const ACCESS_TOKEN_ALGORITHM = 'ES256';

/** The media type of access tokens (RFC 9068), which distinguishes them from anything else that is signed. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** The issuer of access tokens: the address by which clients reach this installation, where one was set. */
export function issuerOf(settings: ApiSettings): string {
  return settings.publicUrl ?? 'stowage';
}

/** Signs access tokens. They name user and session; what the session grants is read at every request. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly settings: ApiSettings,
  ) {}

  /** The lifetime of a token that is issued now. */
  get lifetimeSeconds(): number {
    return this.settings.accessTokenSeconds;
  }

  /** A new token for a user's session, signed with the first key of the settings. */
  issue(userId: string, sessionId: string): string {
    const [{ kid, privateKey }] = this.settings.jwtKeys;
    return this.jwt.sign(
      { sid: sessionId },
      {
        privateKey,
        algorithm: ACCESS_TOKEN_ALGORITHM,
        header: { alg: ACCESS_TOKEN_ALGORITHM, typ: ACCESS_TOKEN_TYPE, kid },
        subject: userId,
        issuer: issuerOf(this.settings),
        audience: ACCESS_TOKEN_AUDIENCE,
        expiresIn: this.settings.accessTokenSeconds,
        jwtid: newId(),
      },
    );
  }
}
