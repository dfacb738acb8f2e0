import { type Actor } from '#auth';
import { type DomainError } from '#kernel';

import { RbacErrors } from './rbac.errors.js';

/** Whether an actor may touch what `ownerId` made: their own, or anybody's as admin, operator or by a scope that the route accepts. */
export function isOwnOrAdmin({ id, role, scope }: Actor, ownerId: string): boolean {
  return role === 'admin' || scope !== null || id === ownerId;
}

/**
 * Lets an actor touch what they made themselves; admins, operators and holders of a scope that the route accepts touch everything.
 *
 * @param ownerId the principal who made it (`Actor.id` at that time)
 * @throws DomainError RBAC.NOT_OWNER
 */
export function assertOwnOrAdmin(actor: Actor, ownerId: string): void {
  if (!isOwnOrAdmin(actor, ownerId)) throw notOwner(actor);
}

/** The refusal of somebody who is not the owner, where it is an item's answer and not the request's. */
export function notOwner({ role }: Actor): DomainError {
  return RbacErrors.NOT_OWNER.because(undefined, { requiredRole: 'admin', role });
}
