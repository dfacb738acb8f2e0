import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';

import { keyOf, LIMIT_EXTENSION, RequestErrors } from '#http';
import { type DomainError } from '#kernel';

import { requestOrigin } from '../access/actor.js';
import { RateLimits, type Limit } from './rate-limits.js';
import { type Count, Counters } from './counters.js';

/** The limits per address that a route can declare. */
export type AddressLimitName = 'register' | 'login' | 'refresh' | 'reset';

const LIMIT = 'stowage:address-limit';

/** The part of a reply that takes headers. */
export interface HeaderSink {
  header(name: string, value: string): unknown;
}

/** Counts requests to public routes by address, before their bodies are read. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly counters: Counters,
    private readonly limits: RateLimits,
  ) {}

  /** @throws DomainError REQUEST.TOO_MANY */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const name = this.reflector.get<AddressLimitName | undefined>(LIMIT, context.getHandler());
    if (name === undefined) return true;
    const limit = this.limits[name];
    const count = await this.counters.add(limit, keyOf(requestOrigin().address));
    tellLimit(context.switchToHttp().getResponse<HeaderSink>(), limit, count);
    if (!count.isWithin) throw tooMany(limit, count.resetMs);
    return true;
  }
}

/** Limits a public route by address, with `RateLimit` headers on every answer. */
export function LimitByAddress(name: AddressLimitName): MethodDecorator {
  return applyDecorators(SetMetadata(LIMIT, name), UseGuards(AddressLimitGuard), ApiExtension(LIMIT_EXTENSION, true));
}

/** Adds the headers with a limit and the rest of it (IETF draft on RateLimit headers, version 11). */
export function tellLimit(reply: HeaderSink, limit: Limit, count: Pick<Count, 'remaining' | 'resetMs'>): void {
  reply.header('ratelimit-policy', `"${limit.name}";q=${limit.points};w=${limit.seconds}`);
  reply.header('ratelimit', `"${limit.name}";r=${count.remaining};t=${Math.ceil(count.resetMs / 1000)}`);
}

/** The refusal of a request over the limit. */
export function tooMany(limit: Limit, resetMs: number): DomainError {
  const retryAfterSeconds = Math.max(1, Math.ceil(resetMs / 1000));
  return RequestErrors.TOO_MANY.because('Too many requests: try again later.', {
    retryAfterSeconds,
    limit: limit.name,
  });
}
