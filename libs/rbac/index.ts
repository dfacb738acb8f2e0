export {
  type Actor,
  auditedBy,
  CurrentActor,
  Public,
  OrganizationVisibilityErrors,
  RequireOperator,
  SignedIn,
} from '#auth';
export { AccessGuard } from './access.guard.js';
export { CurrentAccess, RevalidatingAccess } from './revalidating-access.js';
export { OrganizationParam } from './organization-param.js';
export { assertOwnOrAdmin, isOwnOrAdmin, notOwner } from './ownership.js';
export { RbacErrors } from './rbac.errors.js';
export { RbacModule } from './rbac.module.js';
export { RequireRole, type RoleOptions } from './require-role.js';
export { faultOf, RouteAudit } from './route-audit.js';
