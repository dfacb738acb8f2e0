import { describe, expect, it } from '@jest/globals';

import { type Actor } from '#auth';

import { assertOwnOrAdmin } from './ownership.js';

const anActor = (actor: Partial<Actor>): Actor => ({
  kind: 'user',
  id: 'me',
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
    ['an admin', anActor({ role: 'admin' }), 'somebody'],
    ['a scope that the route accepts', anActor({ role: null, scope: 'runtime' }), 'somebody'],
  ])('lets %s touch a thing', (_who, actor, ownerId) => {
    expect(() => assertOwnOrAdmin(actor, ownerId)).not.toThrow();
  });

  it.each(['viewer', 'developer'] as const)('keeps another %s from it', (role) => {
    expect(() => assertOwnOrAdmin(anActor({ role }), 'somebody')).toThrow(
      expect.objectContaining({ code: 'RBAC.NOT_OWNER', facts: { requiredRole: 'admin', role } }),
    );
  });
});
