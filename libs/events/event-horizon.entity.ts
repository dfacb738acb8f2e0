import { defineEntity, p } from '#database';

/** The position up to which an organization's events are incomplete. A trigger moves it when events are removed. */
export const EventHorizonSchema = defineEntity({
  name: 'EventHorizon',
  tableName: 'event_horizons',
  properties: {
    organizationId: p.uuid().primary(),
    stamp: p.text().columnType('xid8'),
    position: p.bigint('string'),
  },
});
