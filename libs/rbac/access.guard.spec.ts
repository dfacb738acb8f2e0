import { describe, expect, it } from '@jest/globals';

import { type RouteAccess, type Standing } from '#auth';
import { DomainError, ROLES } from '#kernel';

import { check } from './access.guard.js';

const aStanding = (
  standing: Partial<Standing> & { operator?: boolean; kind?: Standing['principal']['kind'] },
): Standing => ({
  principal: {
    kind: standing.kind ?? 'user',
    id: 'id',
    name: 'name',
    isOperator: standing.operator ?? false,
    sessionId: null,
    tokenId: null,
  },
  role: standing.role ?? null,
  scope: standing.scope ?? null,
});

/** The code of the refusal, or `yes`. */
function verdict(access: RouteAccess, standing: Standing): string {
  try {
    check(access, standing);
    return 'yes';
  } catch (error) {
    return error instanceof DomainError ? error.code : 'broken';
  }
}

const STANDINGS: Readonly<Record<string, Standing>> = {
  'nobody here': aStanding({}),
  viewer: aStanding({ role: 'viewer' }),
  developer: aStanding({ role: 'developer' }),
  admin: aStanding({ role: 'admin' }),
  operator: aStanding({ role: 'admin', operator: true }),
  'viewer token': aStanding({ role: 'viewer', kind: 'api-token' }),
  'admin token': aStanding({ role: 'admin', kind: 'api-token' }),
  'service account': aStanding({ role: 'developer', kind: 'service-account' }),
  runtime: aStanding({ scope: 'runtime', kind: 'service-account' }),
};

const ROUTES: Readonly<Record<string, RouteAccess>> = {
  public: { kind: 'public' },
  'signed in': { kind: 'signed-in', apiTokens: false },
  'signed in or token': { kind: 'signed-in', apiTokens: true },
  operator: { kind: 'operator' },
  viewer: { kind: 'role', role: 'viewer' },
  'viewer or runtime': { kind: 'role', role: 'viewer', alsoScope: 'runtime' },
  developer: { kind: 'role', role: 'developer' },
  admin: { kind: 'role', role: 'admin' },
};

const [GONE, LOW, NARROW, SESSION, OPERATOR] = [
  'ORGANIZATIONS.NOT_FOUND',
  'RBAC.ROLE_TOO_LOW',
  'RBAC.SCOPE_TOO_NARROW',
  'RBAC.SESSION_REQUIRED',
  'RBAC.OPERATOR_REQUIRED',
];

// One row per standing, in the order of STANDINGS; one column per route, in the order of ROUTES.
const EXPECTED: readonly (readonly string[])[] = [
  ['yes', 'yes', 'yes', OPERATOR, GONE, GONE, GONE, GONE],
  ['yes', 'yes', 'yes', OPERATOR, 'yes', 'yes', LOW, LOW],
  ['yes', 'yes', 'yes', OPERATOR, 'yes', 'yes', 'yes', LOW],
  ['yes', 'yes', 'yes', OPERATOR, 'yes', 'yes', 'yes', 'yes'],
  ['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes'],
  ['yes', SESSION, 'yes', OPERATOR, 'yes', 'yes', LOW, LOW],
  ['yes', SESSION, 'yes', OPERATOR, 'yes', 'yes', 'yes', 'yes'],
  ['yes', SESSION, 'yes', OPERATOR, 'yes', 'yes', 'yes', LOW],
  ['yes', SESSION, 'yes', OPERATOR, NARROW, 'yes', NARROW, NARROW],
];

describe('the guard', () => {
  it.each(Object.keys(STANDINGS).map((name, row) => [name, row] as const))('decides about: %s', (name, row) => {
    const standing = STANDINGS[name];
    const verdicts = Object.values(ROUTES).map((access) => standing && verdict(access, standing));
    expect(verdicts).toEqual(EXPECTED[row]);
  });

  it('tells a member whose role is too low which one is needed, and which is held', () => {
    for (const held of ROLES) {
      for (const needed of ROLES) {
        const isEnough = ROLES.indexOf(held) >= ROLES.indexOf(needed);
        expect(refusal({ kind: 'role', role: needed }, aStanding({ role: held }))?.facts).toEqual(
          isEnough ? undefined : { requiredRole: needed, role: held },
        );
      }
    }
  });

  it.each<[string, RouteAccess, Standing]>([
    ['This takes the role admin, and yours is viewer.', { kind: 'role', role: 'admin' }, aStanding({ role: 'viewer' })],
    [
      'This takes the role developer or a higher one, and yours is viewer.',
      { kind: 'role', role: 'developer' },
      aStanding({ role: 'viewer' }),
    ],
    [
      'This takes the role admin, and the service account holds the scope runtime instead.',
      { kind: 'role', role: 'admin' },
      aStanding({ scope: 'runtime', kind: 'service-account' }),
    ],
    [
      'This takes a person who is signed in: send the access token of a sign-in, not an API token.',
      { kind: 'signed-in', apiTokens: false },
      aStanding({ role: 'admin', kind: 'api-token' }),
    ],
    [
      'This takes an operator of the installation, and you are none.',
      { kind: 'operator' },
      aStanding({ role: 'admin' }),
    ],
  ])('says what is needed: %s', (detail, access, standing) => {
    expect(refusal(access, standing)?.message).toBe(detail);
  });
});

function refusal(access: RouteAccess, standing: Standing): DomainError | undefined {
  try {
    check(access, standing);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
