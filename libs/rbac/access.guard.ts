import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import {
  accessDeclaredFor,
  type Actor,
  Authenticator,
  type Headers,
  OrganizationVisibilityErrors,
  PrincipalLimit,
  rememberActor,
  requestOrigin,
  type RouteAccess,
  type Standing,
  StandingReader,
  TokenUse,
  unauthenticated,
} from '#auth';
import { logWithRequest, RequestErrors } from '#http';
import { isAtLeast, isId, type Role, ROLES } from '#kernel';

import { LastingAccess, rememberAccess } from './lasting-access.js';
import { RbacErrors } from './rbac.errors.js';

/** The path parameter that names the organization of a route. */
export const ORGANIZATION_PARAMETER = 'organizationId';

/** What the guard reads of a request. */
interface GuardedRequest {
  readonly headers: Headers;
  readonly params: Readonly<Record<string, string>>;
  readonly raw: { readonly rawHeaders: readonly string[] };
}

/**
 * Decides every request, by what its route declares and by what the caller's credential is worth at this moment.
 *
 * 1. the syntax of the path · 2. the credential (no I/O) · 3. session, user and membership (one statement) · 4. the role.
 * A route that declares nothing is refused, even if the audit at start was left out.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly standings: StandingReader,
    private readonly limit: PrincipalLimit,
    private readonly tokenUse: TokenUse,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context);
    if (access.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const organizationId = organizationOf(request);
    const standing = await this.standingOf(request, organizationId);
    const { id, tokenId } = standing.principal;
    this.limit.admit(tokenId ?? id, context.switchToHttp().getResponse());
    check(access, standing);
    if (tokenId !== null) this.tokenUse.note(tokenId);
    const actor = actorOf(standing, organizationId);
    rememberActor(request, actor);
    rememberAccess(request, new LastingAccess(actor, () => this.decideAgain(access, request, organizationId)));
    return true;
  }

  /** The same decision later, for an answer that takes long. @throws DomainError when it is no by now */
  private async decideAgain(
    access: RouteAccess,
    request: GuardedRequest,
    organizationId: string | null,
  ): Promise<Actor> {
    const standing = await this.standingOf(request, organizationId);
    check(access, standing);
    return actorOf(standing, organizationId);
  }

  private async standingOf(request: GuardedRequest, organizationId: string | null): Promise<Standing> {
    assertOneCredential(request);
    const credential = await this.authenticator.authenticate(request.headers);
    const standing =
      credential.kind === 'session'
        ? await this.standings.bySession({ ...credential, organizationId })
        : await this.standings.byApiToken({ ...credential, organizationId });
    if (standing === null) throw unauthenticated();
    return standing;
  }
}

function accessOf(context: ExecutionContext): RouteAccess {
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

/** Of two Authorization headers Node keeps the first without a word; a proxy in front may have read the second. */
function assertOneCredential({ raw }: GuardedRequest): void {
  let count = 0;
  for (let i = 0; i < raw.rawHeaders.length; i += 2) {
    if (raw.rawHeaders[i]?.toLowerCase() === 'authorization') count++;
  }
  if (count > 1) throw unauthenticated();
}

/** What is needed, in words: above the highest role is none. */
const wordsFor = (role: Role): string =>
  role === ROLES.at(-1) ? `the role ${role}` : `the role ${role} or a higher one`;

/** The whole decision, as a function of the declaration and the standing. @throws DomainError when the answer is no */
export function check(access: RouteAccess, { principal, role, scope }: Standing): void {
  switch (access.kind) {
    case 'public':
      return;
    case 'signed-in':
      if (principal.kind !== 'user' && !access.apiTokens) throw RbacErrors.SESSION_REQUIRED.because();
      return;
    case 'operator':
      if (!principal.isOperator) throw RbacErrors.OPERATOR_REQUIRED.because();
      return;
    case 'role':
      if (scope !== null) {
        if (access.alsoScope === scope) return;
        const detail = `This takes ${wordsFor(access.role)}, and the service account holds the scope ${scope} instead.`;
        throw RbacErrors.SCOPE_TOO_NARROW.because(detail, { scope });
      }
      if (role === null) throw OrganizationVisibilityErrors.NOT_FOUND.because();
      if (!isAtLeast(role, access.role)) {
        const detail = `This takes ${wordsFor(access.role)}, and yours is ${role}.`;
        throw RbacErrors.ROLE_TOO_LOW.because(detail, { requiredRole: access.role, role });
      }
  }
}

function actorOf({ principal, role, scope }: Standing, organizationId: string | null): Actor {
  logWithRequest({ userId: principal.id, ...(organizationId === null ? {} : { organizationId }) });
  return { ...principal, ...requestOrigin(), role, scope, organizationId };
}
