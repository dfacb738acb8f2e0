import { defineEntity, p } from '#database';

const EventHorizonSchema = defineEntity({
  name: 'EventHorizon',
  tableName: 'event_horizons',
  properties: {
    organizationId: p.uuid().primary(),
    stamp: p.text().columnType('xid8'),
    position: p.bigint('string'),
  },
});

/** Up to where an organization's events are no longer complete: kept by the database when events are removed. */
export class EventHorizon extends EventHorizonSchema.class {}
EventHorizonSchema.setClass(EventHorizon);

export { EventHorizonSchema };
