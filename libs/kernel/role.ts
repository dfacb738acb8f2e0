/** The roles that a member can hold in an organization, from least to most. */
export const ROLES = ['viewer', 'developer', 'admin'] as const;

/** One of the roles. They are totally ordered: a higher role has all permissions of a lower one. */
export type Role = (typeof ROLES)[number];

/** Whether `role` is at least `least`. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** The lower of two roles: the effective role of a member through a token that is restricted to a role. */
export function lowerRole(a: Role, b: Role): Role {
  return isAtLeast(a, b) ? b : a;
}
