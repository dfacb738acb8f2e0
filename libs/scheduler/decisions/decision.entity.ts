import { defineEntity, p, timestamptz } from '#database';

/** One decision of a cluster's scheduler: what the planner was given and what it answered, encoded, as a link of a chain. Never changed. */
export const PassDecisionSchema = defineEntity({
  name: 'PassDecision',
  tableName: 'pass_decisions',
  primaryKeys: ['clusterId', 'position'],
  properties: {
    clusterId: p.uuid().primary(),
    position: p.bigint('number').primary(),
    organizationId: p.uuid().columnType('uuid'),
    passId: p.uuid().columnType('uuid'),
    at: timestamptz,
    build: p.text(),
    isWhole: p.boolean(),
    record: p.blob(),
    hash: p.blob(),
  },
  indexes: [{ name: 'pass_decisions_at_index', properties: ['at'] }],
});

/** The end of a cluster's chain, and where what is kept of it begins. Written by passes under the cluster's row lock, and by retention. */
export const DecisionHeadSchema = defineEntity({
  name: 'DecisionHead',
  tableName: 'decision_heads',
  properties: {
    clusterId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    position: p.bigint('number'),
    passId: p.uuid().columnType('uuid'),
    at: timestamptz,
    hash: p.blob(),
    /** What the kept records take, in bytes. */
    bytes: p.bigint('number'),
    /** The position and the hash of the last decision that was removed. */
    removedPosition: p.bigint('number').defaultRaw('0'),
    removedHash: p.blob(),
  },
});
