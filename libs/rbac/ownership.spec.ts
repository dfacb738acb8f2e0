import { describe, expect, it } from '@jest/globals';

import { type Actor } from '#auth';

import { assertOwnOrAdmin } from './ownership.js';

const anActor = (actor: Partial<Actor>): Actor => ({
  kind: 'user',
  id: 'me',
  accountId: 'me',
  name: 'me',
  isOperator: false,
  sessionId: null,
  tokenId: null,
  organizationId: 'org',
  role: 'developer',
  scope: null,
  address: null,
  userAgent: null,
  requestId: null,
  ...actor,
});

describe('ownership', () => {
  it.each([
    ['its maker', anActor({}), 'me'],
    ['an admin', anActor({ role: 'admin' }), 'another'],
    ['a scope that the route accepts', anActor({ role: null, scope: 'runtime' }), 'another'],
  ])('lets %s change an object', (_who, actor, ownerId) => {
    expect(() => assertOwnOrAdmin(actor, ownerId)).not.toThrow();
  });

  it.each(['viewer', 'developer'] as const)('refuses another %s', (role) => {
    expect(() => assertOwnOrAdmin(anActor({ role }), 'another')).toThrow(
      expect.objectContaining({ code: 'RBAC.NOT_OWNER', facts: { requiredRole: 'admin', role } }),
    );
  });
});
