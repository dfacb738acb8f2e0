import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { type Actor, unauthenticated } from '#auth';

/** What the guard has decided of a request, and the means to have it decided again: for answers that outlive what was true at their beginning. */
export class LastingAccess {
  constructor(
    /** Who asks, as they stood when the request began. */
    readonly actor: Actor,
    /** Who asks, as they stand now. @throws DomainError when they may no longer: signed out, removed, of a lower role */
    readonly renew: () => Promise<Actor>,
  ) {}
}

/** Kept beside the requests, as their actors are. */
const accesses = new WeakMap<object, LastingAccess>();

/** Remembers what was decided of a request. For the guard alone. */
export function rememberAccess(request: object, access: LastingAccess): void {
  accesses.set(request, access);
}

/** Hands the request's {@link LastingAccess} to a route. @throws DomainError AUTH.UNAUTHENTICATED on a public route */
export const CurrentAccess = createParamDecorator((_: unknown, context: ExecutionContext): LastingAccess => {
  const access = accesses.get(context.switchToHttp().getRequest<object>());
  if (access === undefined) throw unauthenticated();
  return access;
});
