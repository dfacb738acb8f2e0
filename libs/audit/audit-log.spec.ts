import { describe, expect, it } from '@jest/globals';

import { type EntityManager } from '#database';

import { AuditLog, systemActor } from './audit-log.js';

const nowhere = {} as EntityManager;
const record = { organizationId: null, actor: systemActor('test'), action: 'user_create', target: { kind: 'user' } };

describe('the audit log', () => {
  it.each(['', 'create', 'User_Create', 'user-create', 'user_create; drop', '_user_create'])(
    'refuses the action %j',
    async (action) => {
      await expect(new AuditLog().record(nowhere, { ...record, action })).rejects.toThrow(TypeError);
    },
  );

  it.each(['password', 'passwordHash', 'tokenHash', 'refreshToken', 'clientSecret', 'code'])(
    'refuses to keep a field that is called %s',
    async (field) => {
      await expect(new AuditLog().record(nowhere, { ...record, after: { [field]: 'x' } })).rejects.toThrow(TypeError);
    },
  );
});
