import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { unauthenticated } from '../auth.errors.js';
import { type Actor } from './actor.js';

/** Kept beside the requests, not on them: nothing that a client sends can be mistaken for an actor. */
const actors = new WeakMap<object, Actor>();

/** Remembers who makes a request. For the guard alone. */
export function rememberActor(request: object, actor: Actor): void {
  actors.set(request, actor);
}

/** Who makes a request; undefined on public routes. */
export function actorOf(request: object): Actor | undefined {
  return actors.get(request);
}

/** Hands the request's {@link Actor} to a route. @throws DomainError AUTH.UNAUTHENTICATED on a public route */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const actor = actors.get(context.switchToHttp().getRequest<object>());
  if (actor === undefined) throw unauthenticated();
  return actor;
});
