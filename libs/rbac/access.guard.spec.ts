import { describe, expect, it } from '@jest/globals';

import { type Access, type RouteAccess } from '#auth';
import { DomainError, ROLES } from '#kernel';

import { check, limitedAs } from './access.guard.js';

const anAccess = (access: Partial<Access>): Access => ({
  kind: 'user',
  id: 'id',
  accountId: 'id',
  name: 'name',
  isOperator: false,
  sessionId: null,
  tokenId: null,
  role: null,
  scope: null,
  ...access,
});

/** The code of the refusal, or `yes`. */
function verdict(declared: RouteAccess, access: Access): string {
  try {
    check(declared, access);
    return 'yes';
  } catch (error) {
    return error instanceof DomainError ? error.code : 'broken';
  }
}

const ACCESSES: Readonly<Record<string, Access>> = {
  outsider: anAccess({}),
  viewer: anAccess({ role: 'viewer' }),
  developer: anAccess({ role: 'developer' }),
  admin: anAccess({ role: 'admin' }),
  operator: anAccess({ role: 'admin', isOperator: true }),
  'viewer token': anAccess({ role: 'viewer', kind: 'api-token' }),
  'admin token': anAccess({ role: 'admin', kind: 'api-token' }),
  'service account': anAccess({ role: 'developer', kind: 'service-account' }),
  runtime: anAccess({ scope: 'runtime', kind: 'service-account' }),
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
  'admin in person': { kind: 'role', role: 'admin', sessionOnly: true },
};

const [GONE, LOW, NARROW, SESSION, OPERATOR] = [
  'ORGANIZATIONS.NOT_FOUND',
  'RBAC.ROLE_TOO_LOW',
  'RBAC.SCOPE_TOO_NARROW',
  'RBAC.SESSION_REQUIRED',
  'RBAC.OPERATOR_REQUIRED',
];

// One row per access, in the order of ACCESSES; one column per route, in the order of ROUTES.
const EXPECTED: readonly (readonly string[])[] = [
  ['yes', 'yes', 'yes', OPERATOR, GONE, GONE, GONE, GONE, GONE],
  ['yes', 'yes', 'yes', OPERATOR, 'yes', 'yes', LOW, LOW, LOW],
  ['yes', 'yes', 'yes', OPERATOR, 'yes', 'yes', 'yes', LOW, LOW],
  ['yes', 'yes', 'yes', OPERATOR, 'yes', 'yes', 'yes', 'yes', 'yes'],
  ['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes'],
  ['yes', SESSION, 'yes', OPERATOR, 'yes', 'yes', LOW, LOW, LOW],
  ['yes', SESSION, 'yes', OPERATOR, 'yes', 'yes', 'yes', 'yes', SESSION],
  ['yes', SESSION, 'yes', OPERATOR, 'yes', 'yes', 'yes', LOW, LOW],
  ['yes', SESSION, 'yes', OPERATOR, NARROW, 'yes', NARROW, NARROW, NARROW],
];

describe('the guard', () => {
  it.each(Object.keys(ACCESSES).map((name, row) => [name, row] as const))(
    'decides every kind of route for: %s',
    (name, row) => {
      const access = ACCESSES[name];
      const verdicts = Object.values(ROUTES).map((declared) => access && verdict(declared, access));
      expect(verdicts).toEqual(EXPECTED[row]);
    },
  );

  it('names the required role and the role held in a refusal', () => {
    for (const held of ROLES) {
      for (const needed of ROLES) {
        const isEnough = ROLES.indexOf(held) >= ROLES.indexOf(needed);
        expect(refusal({ kind: 'role', role: needed }, anAccess({ role: held }))?.facts).toEqual(
          isEnough ? undefined : { requiredRole: needed, role: held },
        );
      }
    }
  });

  it.each<[string, RouteAccess, Access]>([
    ['This takes the role admin, and yours is viewer.', { kind: 'role', role: 'admin' }, anAccess({ role: 'viewer' })],
    [
      'This takes the role developer or a higher one, and yours is viewer.',
      { kind: 'role', role: 'developer' },
      anAccess({ role: 'viewer' }),
    ],
    [
      'This takes the role admin, and the service account holds the scope runtime instead.',
      { kind: 'role', role: 'admin' },
      anAccess({ scope: 'runtime', kind: 'service-account' }),
    ],
    [
      'This takes a person who is signed in: send the access token of a sign-in, not an API token.',
      { kind: 'signed-in', apiTokens: false },
      anAccess({ role: 'admin', kind: 'api-token' }),
    ],
    [
      'This takes an operator of the installation, and you are none.',
      { kind: 'operator' },
      anAccess({ role: 'admin' }),
    ],
  ])('explains a refusal: %s', (detail, declared, access) => {
    expect(refusal(declared, access)?.message).toBe(detail);
  });
});

function refusal(declared: RouteAccess, access: Access): DomainError | undefined {
  try {
    check(declared, access);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

describe('the key for which requests are counted', () => {
  it('counts all credentials of an account together, and its service accounts apart', () => {
    const keyOf = (access: Partial<Access>): string => limitedAs(anAccess({ accountId: 'ada', ...access }));
    expect(keyOf({ kind: 'api-token', tokenId: 'one' })).toBe(keyOf({ kind: 'user', sessionId: 'two' }));
    const service = keyOf({ kind: 'service-account', id: 'one', tokenId: 'one' });
    expect(keyOf({ kind: 'service-account', id: 'two', tokenId: 'two' })).toBe(service);
    expect(service).not.toBe(keyOf({}));
    expect(keyOf({ accountId: 'bob' })).not.toBe(keyOf({}));
  });
});
