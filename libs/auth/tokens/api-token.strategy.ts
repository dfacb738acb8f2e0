import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';

import { type Credential } from '../access/access.js';
import { type BearerRequest, bearerTokenOf } from '../access/bearer-token.js';
import { digestOf, isApiToken } from './api-token-format.js';

/** Recognizes an API token by its form and checksum, without any I/O. */
@Injectable()
export class ApiTokenStrategy extends PassportStrategy(passport.Strategy, 'api-token') {
  override authenticate(request: object): void {
    const credential = this.validate(request as BearerRequest);
    if (credential === null) this.fail(401);
    else this.success(credential);
  }

  /** The credential of the request's API token; null when it carries none. */
  override validate(request: BearerRequest): Credential | null {
    const token = bearerTokenOf(request);
    return token !== undefined && isApiToken(token) ? { kind: 'api-token', tokenHash: digestOf(token) } : null;
  }
}
