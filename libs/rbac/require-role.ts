import { type AccessDecorator, declareAccess, type TokenScope } from '#auth';
import { type Role } from '#kernel';

/** What else a route's declaration says beside the least role. */
export interface RoleOptions {
  /** Below admin, only for what the actor made: the use case calls {@link assertOwnOrAdmin}. */
  readonly ownership?: 'own-or-admin';
  /** Service accounts that hold this scope may use the route as well. */
  readonly alsoScope?: TokenScope;
}

/**
 * Members of the organization that the path's `organizationId` names, from this role on; operators always.
 *
 * To everybody else the organization does not exist (404); a member whose role is too low is told so (403).
 */
export function RequireRole(role: Role, options: RoleOptions = {}): AccessDecorator {
  return declareAccess({ kind: 'role', role, ...options });
}
