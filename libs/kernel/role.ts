/** The roles that a member can hold in an organization, from least to most. */
export const ROLES = ['viewer', 'developer', 'admin'] as const;

/** One of the roles. They form a total order: whatever a role may do, every higher role may do as well. */
export type Role = (typeof ROLES)[number];

/** Whether `role` is at least `least`. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** The lower of two roles: what somebody may do through a token that is restricted to a role. */
export function lowerRole(a: Role, b: Role): Role {
  return isAtLeast(a, b) ? b : a;
}
