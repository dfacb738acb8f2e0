import { defineEntity, p } from '#database';

/** The encoded snapshot of a pass. Kept for a shorter time than the record of the pass. */
export const PassSnapshotSchema = defineEntity({
  name: 'PassSnapshot',
  tableName: 'pass_snapshots',
  properties: {
    passId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    snapshot: p.blob(),
  },
});
