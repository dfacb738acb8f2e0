import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';

import { GUARD_EXTENSION } from '#http';
import { type Role } from '#kernel';

import { AuthErrors } from '../auth.errors.js';
import { type TokenScope } from './access.js';
import { OrganizationVisibilityErrors } from './organization-visibility.js';

/** The access that a route requires. Every route declares exactly one of these, on the method or on its controller. */
export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'signed-in'; readonly apiTokens: boolean }
  | { readonly kind: 'operator' }
  | {
      readonly kind: 'role';
      readonly role: Role;
      /** Below admin, only for what the actor made. The guard cannot see rows: the use case checks it. */
      readonly ownership?: 'own-or-admin';
      /** A service account that holds this scope may use the route as well. */
      readonly alsoScope?: TokenScope;
      /** Not for API tokens, of a user or of a service account: what the route gives outlives a token. */
      readonly sessionOnly?: true;
    };

const DECLARATIONS = Symbol('stowage:route-access');

/** A decorator of routes, or of a controller for all its routes. */
export type AccessDecorator = MethodDecorator & ClassDecorator;

/**
 * Declares the access to a route, for the guard and for the OpenAPI document (`x-required-role`, and `x-access` as a sentence).
 *
 * Declarations add up, so that the audit at start detects a route with two.
 */
export function declareAccess(access: RouteAccess): AccessDecorator {
  const remember = (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const subject = (descriptor?.value ?? target) as object;
    Reflect.defineMetadata(DECLARATIONS, [...accessDeclaredOn(subject), access], subject);
  };
  return applyDecorators(
    remember,
    ...(access.kind === 'public' ? [] : [ApiBearerAuth('bearer')]),
    ApiExtension('x-required-role', requiredRoleOf(access)),
    ApiExtension('x-access', sentenceOf(access)),
    ApiExtension(GUARD_EXTENSION, refusalsOf(access)),
  );
}

/** The declarations on one route's method or on one controller's class. */
function accessDeclaredOn(subject: object): readonly RouteAccess[] {
  const declared: unknown = Reflect.getOwnMetadata(DECLARATIONS, subject);
  return Array.isArray(declared) ? (declared as RouteAccess[]) : [];
}

/** Where swagger's decorators keep the extensions of an operation, and which of them `@ApiRoute` adds. */
const EXTENSIONS = 'swagger/apiExtension';
const ROUTE_EXTENSION = 'x-stowage-route';

/** Whether the API's documentation declares a route public; undefined where it declares nothing. */
export function isDocumentedAsPublic(handler: object): boolean | undefined {
  const extensions = Reflect.getMetadata(EXTENSIONS, handler) as Record<string, { isPublic?: boolean }> | undefined;
  return extensions?.[ROUTE_EXTENSION]?.isPublic;
}

/**
 * All declarations of a route: on its method, on its controller, and, for lack of both, by `@ApiRoute({access: 'public'})`, for the libs above
 * this one. A proper route has exactly one.
 */
export function accessDeclaredFor(handler: object, controller: object): readonly RouteAccess[] {
  const declared = [...accessDeclaredOn(handler), ...accessDeclaredOn(controller)];
  return declared.length === 0 && isDocumentedAsPublic(handler) === true ? [{ kind: 'public' }] : declared;
}

/** Requires no credential, and ignores one that is sent. */
export function Public(): AccessDecorator {
  return declareAccess({ kind: 'public' });
}

/**
 * Requires a user who is signed in, of any organization or of none.
 *
 * @param options.apiTokens API tokens may use the route too; they may not where the route could give more than the token grants
 */
export function SignedIn(options: { readonly apiTokens?: boolean } = {}): AccessDecorator {
  return declareAccess({ kind: 'signed-in', apiTokens: options.apiTokens ?? false });
}

/** Requires an operator of the installation, with a session. */
export function RequireOperator(): AccessDecorator {
  return declareAccess({ kind: 'operator' });
}

function requiredRoleOf(access: RouteAccess): string {
  return access.kind === 'role' ? access.role : access.kind;
}

/** The codes of the guard's refusals, by name alone: `rbac` below declares them. */
function refusalsOf(access: RouteAccess): readonly string[] {
  switch (access.kind) {
    case 'public':
      return [];
    case 'signed-in':
      return [AuthErrors.UNAUTHENTICATED.code, ...(access.apiTokens ? [] : ['RBAC.SESSION_REQUIRED'])];
    case 'operator':
      return [AuthErrors.UNAUTHENTICATED.code, 'RBAC.OPERATOR_REQUIRED'];
    case 'role':
      return [
        AuthErrors.UNAUTHENTICATED.code,
        'RBAC.ROLE_TOO_LOW',
        'RBAC.SCOPE_TOO_NARROW',
        ...(access.ownership === undefined ? [] : ['RBAC.NOT_OWNER']),
        ...(access.sessionOnly === undefined ? [] : ['RBAC.SESSION_REQUIRED']),
        OrganizationVisibilityErrors.NOT_FOUND.code,
      ];
  }
}

/** The access to a route as a sentence, for the API's documentation. */
export function sentenceOf(access: RouteAccess): string {
  switch (access.kind) {
    case 'public':
      return 'Needs no credential.';
    case 'signed-in':
      return access.apiTokens
        ? 'For every signed-in user, and API tokens.'
        : 'For every signed-in user; not for API tokens.';
    case 'operator':
      return 'For operators of the installation.';
    case 'role': {
      const least = `Needs the role ${access.role}${access.role === 'admin' ? '' : ' or higher'} in the organization`;
      const own = access.ownership === undefined ? '' : '; below admin, for own objects';
      const scope = access.alsoScope === undefined ? '' : `; service accounts with scope ${access.alsoScope} may too`;
      const session = access.sessionOnly === undefined ? '' : '; not for API tokens';
      return `${least}${own}${scope}${session}.`;
    }
  }
}
