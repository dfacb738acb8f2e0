import { type Actor } from '#auth';
import { type DomainError } from '#kernel';

import { RbacErrors } from './rbac.errors.js';

/** Whether an actor may change an object of `ownerId`: its own, or any as admin, operator or by a scope that the route accepts. */
export function isOwnOrAdmin({ id, role, scope }: Actor, ownerId: string): boolean {
  return role === 'admin' || scope !== null || id === ownerId;
}

/**
 * Lets an actor change its own objects; admins, operators and service accounts with a scope that the route accepts change all.
 *
 * @param ownerId the `Actor.id` of the principal that made the object
 * @throws DomainError RBAC.NOT_OWNER
 */
export function assertOwnOrAdmin(actor: Actor, ownerId: string): void {
  if (!isOwnOrAdmin(actor, ownerId)) throw notOwner(actor);
}

/** The refusal of an actor that is not the owner, for an item of a batch. */
export function notOwner({ role }: Actor): DomainError {
  return RbacErrors.NOT_OWNER.because(undefined, { requiredRole: 'admin', role });
}
