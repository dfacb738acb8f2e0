export { type Access, type Credential, type TokenScope } from './access/access.js';
export {
  AccessResolver,
  type MembershipJoin,
  Memberships,
  type TokenMembershipJoin,
} from './access/access-resolver.js';
export { type Actor, auditedBy, CurrentActor, type Origin, requestOrigin } from './access/actor.js';
export { OrganizationVisibilityErrors } from './access/organization-visibility.js';
export { InviteGuesses } from './throttling/invite-guesses.js';
export { InviteRedeemer } from './sessions/invite-redeemer.js';
export {
  type AccessDecorator,
  accessDeclaredFor,
  declareAccess,
  isDocumentedAsPublic,
  Public,
  RequireOperator,
  type RouteAccess,
  SignedIn,
} from './access/route-access.js';
export { PrincipalLimit } from './throttling/principal-limit.js';
export { deleteTokensOfMember, deleteTokensOfOrganization } from './tokens/tokens.repository.js';
export { TokenAllowance } from './tokens/token-allowance.js';
export { TokenUse } from './tokens/token-use.js';
export { Operators } from './operators/operators.service.js';
export { type HashingSettings, OWN_APPLICANT, PasswordHasher } from './passwords/password-hasher.js';
export { authEntities } from './auth.entities.js';
export { ServiceAccountSchema } from './tokens/service-account.entity.js';
export { AuthErrors, unauthenticated } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export { User, UserSchema } from './accounts/user.entity.js';
