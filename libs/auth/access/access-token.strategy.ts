import { type KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';

import { ApiSettings } from '#config';
import { isId } from '#kernel';

import { unauthenticated } from '../auth.errors.js';
import { ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TYPE, issuerOf } from './access-tokens.js';
import { type Credential } from './credential.js';

/** What the strategy is given in place of a whole request: the bearer token, already taken out of its header. */
export interface BearerToken {
  readonly token: string;
}

/** Checks an access token's signature, algorithm, key, type, issuer, audience and time. Asks nobody. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'stowage-access-token') {
  constructor(settings: ApiSettings) {
    const keys = new Map<unknown, KeyObject>(settings.jwtKeys.map(({ kid, publicKey }) => [kid, publicKey]));
    super({
      jwtFromRequest: (request: unknown) => (request as BearerToken).token,
      secretOrKeyProvider: (_request: unknown, token: string, done: (error: Error | null, key?: string) => void) => {
        const { kid, typ } = headerOf(token);
        const key = typ === ACCESS_TOKEN_TYPE ? keys.get(kid) : undefined;
        if (key === undefined) done(unauthenticated());
        // A parsed key verifies faster than its text, and is taken as well: only the types do not say so.
        else done(null, key as unknown as string);
      },
      algorithms: [ACCESS_TOKEN_ALGORITHM],
      issuer: issuerOf(settings),
      audience: ACCESS_TOKEN_AUDIENCE,
    });
  }

  validate(claims: Readonly<Record<string, unknown>>): Credential & { readonly expiresAtSeconds: number } {
    const { sub, sid, exp } = claims;
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number' || !isId(sub) || !isId(sid)) {
      throw unauthenticated();
    }
    return { kind: 'session', userId: sub, sessionId: sid, expiresAtSeconds: exp };
  }
}

/** The header's claims, unchecked: only a name of a key and of a type, both compared with what we have. */
function headerOf(token: string): { readonly kid?: unknown; readonly typ?: unknown } {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return typeof header === 'object' && header !== null ? header : {};
  } catch {
    return {};
  }
}
