import { defineEntity, p, timestamptz } from '#database';

/**
 * How long the latest runs of one kind took in a cluster. Written by passes only, under the cluster's row lock.
 *
 * `runs` are the latest, the last one first: millionths of the declared runtime (a million: it ran to its limit, and would have taken longer),
 * or seconds where none was declared. Member, image and declared runtime are named by the kind that describes a run fully, and by no other.
 */
export const LearnedRuntimeSchema = defineEntity({
  name: 'LearnedRuntime',
  tableName: 'learned_runtimes',
  primaryKeys: ['clusterId', 'kind'],
  properties: {
    clusterId: p.uuid().primary(),
    kind: p.text().primary(),
    organizationId: p.uuid().columnType('uuid'),
    memberId: p.uuid().columnType('uuid').nullable(),
    image: p.text().nullable(),
    maxRuntimeSeconds: p.integer().nullable(),
    runs: p.array<number>().columnType('int[]'),
    total: p.bigint('number'),
    lastEndedAt: timestamptz,
  },
  indexes: [
    {
      name: 'learned_runtimes_member_index',
      expression:
        'create index learned_runtimes_member_index on learned_runtimes (organization_id, image, member_id) where image is not null',
    },
  ],
});
