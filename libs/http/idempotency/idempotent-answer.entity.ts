import { defineEntity, p } from '#database';

/** The stored answer to a request. `id` is a digest of the principal, the target and the key. */
export const IdempotentAnswerSchema = defineEntity({
  name: 'IdempotentAnswer',
  tableName: 'idempotent_answers',
  properties: {
    id: p.blob().primary(),
    requestDigest: p.blob(),
    answer: p.blob(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'idempotent_answers_created_at_index', properties: ['createdAt'] }],
});
