import { defineEntity, p, timestamptz } from '#database';

const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid().columnType('uuid'),
    familySalt: p.blob().columnType('bytea').hidden(),
    generation: p.integer().default(0),
    tokenHash: p.blob().columnType('bytea').hidden(),
    createdAt: timestamptz.defaultRaw('now()'),
    rotatedAt: timestamptz.defaultRaw('now()'),
    idleExpiresAt: timestamptz,
    expiresAt: timestamptz,
    userAgent: p.text().nullable(),
    address: p.text().nullable(),
  },
  checks: [
    {
      name: 'sessions_token_hash_check',
      expression: 'octet_length(token_hash) = 32 and octet_length(family_salt) = 32',
    },
    { name: 'sessions_generation_check', expression: 'generation >= 0' },
    { name: 'sessions_idle_expires_at_check', expression: 'idle_expires_at <= expires_at' },
  ],
  indexes: [{ name: 'sessions_user_id_index', properties: ['userId', 'rotatedAt'] }],
});

/**
 * A sign-in of one user, and the family of its refresh tokens.
 *
 * A session that ended has no row, so that its tokens are unknown from that moment on.
 */
export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);

export { SessionSchema };
