import { defineEntity, p } from '#database';

const PassSightSchema = defineEntity({
  name: 'PassSight',
  tableName: 'pass_sights',
  properties: {
    passId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    sight: p.blob(),
  },
});

/** What a pass saw, packed. Kept for a shorter time than its record. */
export class PassSight extends PassSightSchema.class {}
PassSightSchema.setClass(PassSight);

export { PassSightSchema };
