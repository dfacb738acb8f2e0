import { type KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';

import { ApiSettings } from '#config';
import { isId } from '#kernel';

import { unauthenticated } from '../auth.errors.js';
import { type Credential } from './access.js';
import { ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TYPE, issuerOf } from './access-tokens.js';
import { type BearerRequest, bearerTokenOf } from './bearer-token.js';

/** Access tokens whose signature was checked, so that it is checked once per token and not once per request. */
const MAX_VERIFIED = 10_000;

/**
 * Checks an access token's signature, algorithm, key, type, issuer, audience and time, without any I/O.
 *
 * Passport keeps strategies by name for the whole process. This one therefore holds nothing but keys and checked signatures, and what a
 * credential grants is the guard's to read.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'jwt') {
  private readonly verified = new Map<string, { readonly credential: Credential; readonly expiresAtSeconds: number }>();

  constructor(settings: ApiSettings) {
    const keys = new Map<unknown, KeyObject>(settings.jwtKeys.map(({ kid, publicKey }) => [kid, publicKey]));
    super({
      jwtFromRequest: (request: unknown) => bearerTokenOf(request as BearerRequest) ?? null,
      secretOrKeyProvider: (_request: unknown, token: string, done: (error: Error | null, key?: string) => void) => {
        const { kid, typ } = headerOf(token);
        const key = typ === ACCESS_TOKEN_TYPE ? keys.get(kid) : undefined;
        if (key === undefined) done(unauthenticated());
        // A parsed key verifies faster than its text. The library accepts it, although its types do not say so.
        else done(null, key as unknown as string);
      },
      algorithms: [ACCESS_TOKEN_ALGORITHM],
      issuer: issuerOf(settings),
      audience: ACCESS_TOKEN_AUDIENCE,
      passReqToCallback: true,
    });
  }

  /** Takes a token from the cache, otherwise verifies it. */
  override authenticate(...[request, options]: Parameters<Strategy['authenticate']>): void {
    const token = bearerTokenOf(request as unknown as BearerRequest) ?? '';
    const known = this.verified.get(token);
    // Skips what is no JWT, such as an API token: the library would create an error with a stack, ten times as expensive as the rest.
    if (!token.includes('.')) this.fail(401);
    else if (known === undefined) super.authenticate(request, options);
    else if (Math.floor(Date.now() / 1000) < known.expiresAtSeconds) this.success(known.credential);
    else {
      this.verified.delete(token);
      this.fail(401);
    }
  }

  /** The credential of verified claims; null when they are not of the form that {@link AccessTokens} gives. */
  validate(request: BearerRequest, { sub, sid, exp }: Readonly<Record<string, unknown>>): Credential | null {
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number' || !isId(sub) || !isId(sid)) {
      return null;
    }
    const credential = { kind: 'session', userId: sub, sessionId: sid } as const;
    this.verified.set(bearerTokenOf(request) ?? '', { credential, expiresAtSeconds: exp });
    if (this.verified.size > MAX_VERIFIED) {
      const [oldest = ''] = this.verified.keys();
      this.verified.delete(oldest);
    }
    return credential;
  }
}

/** The header's claims, unchecked: only a name of a key and of a type, both compared with ours. */
function headerOf(token: string): { readonly kid?: unknown; readonly typ?: unknown } {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return typeof header === 'object' && header !== null ? header : {};
  } catch {
    return {};
  }
}
