import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { type Actor, unauthenticated } from '#auth';

/** The guard's decision about a request, and the means to repeat it: for answers that outlive what was true at their beginning. */
export class RevalidatingAccess {
  constructor(
    /** The actor as of the beginning of the request. */
    readonly actor: Actor,
    /** The actor as of now. @throws DomainError when access has ended: signed out, removed, of a lower role */
    readonly renew: () => Promise<Actor>,
  ) {}
}

/** Hands the request's {@link RevalidatingAccess} to a route. @throws DomainError AUTH.UNAUTHENTICATED on a public route */
export const CurrentAccess = createParamDecorator((_: unknown, context: ExecutionContext): RevalidatingAccess => {
  const { access } = context.switchToHttp().getRequest<{ readonly access?: RevalidatingAccess }>();
  if (access === undefined) throw unauthenticated();
  return access;
});
