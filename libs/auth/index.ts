export { type Actor, auditActorOf, type Origin } from './access/actor.js';
export { Authenticator, type Headers } from './access/authenticator.js';
export { type Credential } from './access/credential.js';
export { requestOrigin } from './access/request-origin.js';
export { CurrentActor, rememberActor } from './access/current-actor.js';
export { OrganizationVisibilityErrors } from './access/organization-visibility.js';
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
export {
  type ApiTokenQuestion,
  type MembershipJoin,
  type Principal,
  type PrincipalKind,
  type SessionQuestion,
  type Standing,
  standingOfApiToken,
  standingOfSession,
  StandingReader,
  type StandingRow,
  toStanding,
} from './access/standing.js';
export { PrincipalLimit } from './throttling/principal-limit.js';
export { deleteTokensOfMember, deleteTokensOfOrganization } from './tokens/ended-tokens.js';
export { TokenAllowance } from './tokens/token-allowance.js';
export { TokenUse } from './tokens/token-use.js';
export { Operators } from './operators/operators.service.js';
export { type HashingSettings, PasswordHasher } from './passwords/password-hasher.js';
export { authEntities } from './auth.entities.js';
export { AuthErrors, unauthenticated } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export { type TokenScope } from './tokens/service-account.entity.js';
export { User } from './accounts/user.entity.js';
