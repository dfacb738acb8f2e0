import { Injectable } from '@nestjs/common';

import { unauthenticated } from '../auth.errors.js';
import { API_TOKEN_PREFIX, digestOf, isApiToken } from '../tokens/api-token-format.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { type Credential } from './credential.js';

/** Longest credential that is looked at; ours have fewer than 600 characters. */
const MAX_LENGTH = 2048;

/** Access tokens whose signature was checked, so that it is checked once per token and not once per request. */
const MAX_REMEMBERED = 10_000;

/** Header fields by lower-case name, as Node parses them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

type Verified = Credential & { readonly expiresAtSeconds: number };

/** Tells what credential a request carries. Looks at nothing but the header: no database, no network. */
@Injectable()
export class Authenticator {
  private readonly remembered = new Map<string, Verified>();

  constructor(private readonly strategy: AccessTokenStrategy) {}

  /**
   * The credential of the `Authorization: Bearer` header: an access token with a good signature, or an API token with a good checksum.
   *
   * @throws DomainError AUTH.UNAUTHENTICATED for everything else, without saying what is wrong
   */
  async authenticate(headers: Headers): Promise<Credential> {
    const token = bearerTokenOf(headers);
    if (token.startsWith(API_TOKEN_PREFIX)) {
      if (!isApiToken(token)) throw unauthenticated();
      return { kind: 'api-token', tokenHash: digestOf(token) };
    }
    const known = this.remembered.get(token);
    if (known !== undefined) return this.ifStillValid(token, known);
    const verified = await this.verify(token);
    this.remember(token, verified);
    return verified;
  }

  private ifStillValid(token: string, known: Verified): Credential {
    if (Math.floor(Date.now() / 1000) < known.expiresAtSeconds) return known;
    this.remembered.delete(token);
    throw unauthenticated();
  }

  private remember(token: string, verified: Verified): void {
    this.remembered.set(token, verified);
    if (this.remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.remembered.keys();
    if (oldest !== undefined) this.remembered.delete(oldest);
  }

  /** Runs the strategy as passport does: on an object of its own that receives the outcome. */
  private verify(token: string): Promise<Verified> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(unauthenticated());
      const attempt = Object.create(this.strategy, {
        success: { value: resolve },
        fail: { value: refuse },
        error: { value: refuse },
      }) as { authenticate(request: { token: string }): void };
      attempt.authenticate({ token });
    });
  }
}

function bearerTokenOf({ authorization }: Headers): string {
  const [header, ...others] = typeof authorization === 'string' ? [authorization] : (authorization ?? []);
  if (header === undefined || others.length > 0 || header.length > MAX_LENGTH) throw unauthenticated();
  const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header) ?? [];
  if (token === undefined) throw unauthenticated();
  return token;
}
