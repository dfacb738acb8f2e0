import { createHash, timingSafeEqual } from 'node:crypto';

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import { Settings } from '#config';
import { isLoopback } from '#http';

import { MetricsErrors } from './metrics.errors.js';

/** The part of a request that the guard reads. */
interface ScrapeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}

/** Headers that proxies add. A proxy on this machine may add none: see {@link MetricsGuard}. */
const OF_PROXIES =
  /^(forwarded|via|x-forwarded-.+|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-.+|x-envoy-.+)$/;

/**
 * Permits requests with the token. Without it the machine itself is permitted, unless a proxy on it could pass on what comes from elsewhere:
 * where the process listens for others or trusts a proxy, and where the request has a header of one.
 */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly settings: Settings) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<ScrapeRequest>();
    if (!this.isFromThisMachine(request) && !this.knowsToken(request)) throw MetricsErrors.TOKEN_REQUIRED.because();
    return true;
  }

  private isFromThisMachine({ headers, raw }: ScrapeRequest): boolean {
    const { host, trustProxy } = this.settings;
    const isPrivate = (host === 'localhost' || isLoopback(host)) && trustProxy === false;
    const isForwarded = Object.keys(headers).some((name) => OF_PROXIES.test(name));
    return isPrivate && !isForwarded && isLoopback(raw.socket.remoteAddress ?? '');
  }

  private knowsToken({ headers }: ScrapeRequest): boolean {
    const { metricsToken } = this.settings;
    if (metricsToken === undefined || typeof headers['authorization'] !== 'string') return false;
    return timingSafeEqual(digest(headers['authorization']), digest(`Bearer ${metricsToken}`));
  }
}

/** A digest: all have one length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
