import { type AccessDecorator, declareAccess, type TokenScope } from '#auth';
import { type Role } from '#kernel';

/** The parts of a route's declaration beside the least role. */
export interface RoleOptions {
  /** Below admin, only for objects of the actor: the use case calls {@link assertOwnOrAdmin}. */
  readonly ownership?: 'own-or-admin';
  /** Service accounts with this scope may use the route as well. */
  readonly alsoScope?: TokenScope;
  /** Not for API tokens: the route gives access that outlives a token, or is for a person to decide. */
  readonly sessionOnly?: true;
}

/**
 * Requires a member of the organization that the path's `organizationId` names, from this role on; operators always pass.
 *
 * Outsiders get 404, as for a missing organization; a member with a lower role gets 403.
 */
export function RequireRole(role: Role, options: RoleOptions = {}): AccessDecorator {
  return declareAccess({ kind: 'role', role, ...options });
}
