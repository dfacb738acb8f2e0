import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { type AuditRecord } from '#audit';
import { currentRequest } from '#http';

import { unauthenticated } from '../auth.errors.js';
import { type Access } from './access.js';

/** Where a request comes from, for records: never a reason to allow anything. */
export interface Origin {
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** The principal of a request and what the guard found that it may do, as of the beginning of the request. */
export interface Actor extends Access, Origin {
  /** The organization that the route names, once the guard has checked that the actor belongs to it; otherwise null. */
  readonly organizationId: string | null;
}

type AuditedBy = Pick<AuditRecord, 'actor' | 'address' | 'requestId'>;

/** The part of an audit record that names the actor, its address and its request. */
export function auditedBy({ kind, id, name, tokenId, address, requestId }: Actor): AuditedBy {
  return { actor: { kind, id, name, tokenId }, address, requestId };
}

/** The same for a user whose request carries no credential, or whose session was just opened. */
export function auditedByUser(
  { id, username }: { readonly id: string; readonly username: string },
  { address, requestId }: Origin,
): AuditedBy {
  return { actor: { kind: 'user', id, name: username }, address, requestId };
}

/** Where the request that is being answered comes from; nowhere, outside of one. */
export function requestOrigin(): Origin {
  const request = currentRequest();
  if (request === undefined) return { address: null, userAgent: null, requestId: null };
  return { address: request.ip, userAgent: request.userAgent ?? null, requestId: request.requestId };
}

/** Hands the request's {@link Actor}, which the guard has put there, to a route. @throws DomainError AUTH.UNAUTHENTICATED on a public route */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { user } = context.switchToHttp().getRequest<{ readonly user?: Actor }>();
  if (user === undefined) throw unauthenticated();
  return user;
});
