import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';

import {
  type Access,
  accessDeclaredFor,
  AccessResolver,
  type Actor,
  type Credential,
  OrganizationVisibilityErrors,
  PrincipalLimit,
  requestOrigin,
  type RouteAccess,
  TokenUse,
  unauthenticated,
} from '#auth';
import { logWithRequest, RequestErrors } from '#http';
import { isAtLeast, isId, type Role, ROLES } from '#kernel';

import { RbacErrors } from './rbac.errors.js';
import { RevalidatingAccess } from './revalidating-access.js';

/** The path parameter that names the organization of a route. */
export const ORGANIZATION_PARAMETER = 'organizationId';

/** What the guard reads of a request, and what it adds. */
interface GuardedRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Set by passport, replaced by the guard. */
  user?: Credential | Actor;
  /** The account for which the limits of bodies are counted. */
  account?: string;
  access?: RevalidatingAccess;
}

/**
 * Decides every request, by what its route declares and by what the caller's credential grants at this moment.
 *
 * 1. the syntax of the path · 2. the credential (passport's strategies, no I/O) · 3. session, user and membership (one statement) · 4. the rate
 * of the account · 5. the role. No byte of a body is read before. A route that declares nothing is refused, even if the audit at start was left out.
 */
@Injectable()
export class AccessGuard extends AuthGuard(['jwt', 'api-token']) {
  constructor(
    private readonly resolver: AccessResolver,
    private readonly limit: PrincipalLimit,
    private readonly tokenUse: TokenUse,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const declared = declarationOf(context);
    if (declared.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const organizationId = organizationOf(request);
    const access = await this.accessOf(context, organizationId);
    request.account = access.accountId;
    this.limit.admit(limitedAs(access), context.switchToHttp().getResponse());
    check(declared, access);
    if (access.tokenId !== null) this.tokenUse.note(access.tokenId);
    const actor = actorOf(access, organizationId);
    request.user = actor;
    request.access = new RevalidatingAccess(actor, async () => {
      const present = await this.accessOf(context, organizationId);
      check(declared, present);
      return actorOf(present, organizationId);
    });
    return true;
  }

  /** The credential that a strategy accepted. The reasons of refusals stay undisclosed. */
  override handleRequest<T>(error: unknown, credential: T | false | undefined): T {
    if (error instanceof Error) throw error;
    if (credential === false || credential === undefined) throw unauthenticated();
    return credential;
  }

  private async accessOf(context: ExecutionContext, organizationId: string | null): Promise<Access> {
    await super.canActivate(context);
    const { user } = context.switchToHttp().getRequest<{ readonly user: Credential }>();
    const access = await this.resolver.resolve(user, organizationId);
    if (access === null) throw unauthenticated();
    return access;
  }
}

/**
 * The key for which requests are counted: an account, whatever its credentials. The service accounts of the organizations that it created
 * count together and apart: agents at work do not lock out the person.
 */
export function limitedAs({ kind, accountId }: Pick<Access, 'kind' | 'accountId'>): string {
  return kind === 'service-account' ? `${accountId}/services` : accountId;
}

function declarationOf(context: ExecutionContext): RouteAccess {
  const declared = accessDeclaredFor(context.getHandler(), context.getClass());
  const [access] = declared;
  if (access === undefined || declared.length > 1) {
    throw new Error(`${context.getClass().name}.${context.getHandler().name} must declare its access exactly once`);
  }
  return access;
}

function organizationOf(request: GuardedRequest): string | null {
  const id = request.params[ORGANIZATION_PARAMETER];
  if (id === undefined) return null;
  if (!isId(id)) {
    throw RequestErrors.INVALID.because(undefined, {}, [
      { pointer: ORGANIZATION_PARAMETER, code: 'invalid-id', message: 'must be a UUID' },
    ]);
  }
  return id.toLowerCase();
}

/** The roles that suffice, in words. */
const wordsFor = (role: Role): string =>
  role === ROLES.at(-1) ? `the role ${role}` : `the role ${role} or a higher one`;

/** The whole decision, as a function of the route's declaration and the caller's access. @throws DomainError for a refusal */
export function check(declared: RouteAccess, { kind, isOperator, role, scope }: Access): void {
  switch (declared.kind) {
    case 'public':
      return;
    case 'signed-in':
      if (kind !== 'user' && !declared.apiTokens) throw RbacErrors.SESSION_REQUIRED.because();
      return;
    case 'operator':
      if (!isOperator) throw RbacErrors.OPERATOR_REQUIRED.because();
      return;
    case 'role':
      if (scope !== null) {
        if (declared.alsoScope === scope) return;
        const detail = `This takes ${wordsFor(declared.role)}, and the service account holds the scope ${scope} instead.`;
        throw RbacErrors.SCOPE_TOO_NARROW.because(detail, { scope });
      }
      if (role === null) throw OrganizationVisibilityErrors.NOT_FOUND.because();
      if (!isAtLeast(role, declared.role)) {
        const detail = `This takes ${wordsFor(declared.role)}, and yours is ${role}.`;
        throw RbacErrors.ROLE_TOO_LOW.because(detail, { requiredRole: declared.role, role });
      }
      if (declared.sessionOnly === true && kind !== 'user') throw RbacErrors.SESSION_REQUIRED.because();
  }
}

function actorOf(access: Access, organizationId: string | null): Actor {
  logWithRequest({ userId: access.id, ...(organizationId === null ? {} : { organizationId }) });
  return { ...access, ...requestOrigin(), organizationId };
}
