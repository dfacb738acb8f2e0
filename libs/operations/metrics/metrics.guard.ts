import { createHash, timingSafeEqual } from 'node:crypto';

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import { Settings } from '#config';

import { MetricsErrors } from './metrics.errors.js';

/** The part of a request that the guard reads. */
interface ScrapeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}

const LOOPBACK = /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/;

/** Permits the machine itself, and requests with the token. A request by way of a proxy on this machine needs the token. */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly settings: Settings) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<ScrapeRequest>();
    if (!isFromThisMachine(request) && !this.knowsToken(request)) throw MetricsErrors.TOKEN_REQUIRED.because();
    return true;
  }

  private knowsToken({ headers }: ScrapeRequest): boolean {
    const { metricsToken } = this.settings;
    if (metricsToken === undefined || typeof headers['authorization'] !== 'string') return false;
    return timingSafeEqual(digest(headers['authorization']), digest(`Bearer ${metricsToken}`));
  }
}

function isFromThisMachine({ headers, raw }: ScrapeRequest): boolean {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  return !isForwarded && LOOPBACK.test(raw.socket.remoteAddress ?? '');
}

/** A digest: all have one length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
