import { defineEntity, p, timestamptz } from '#database';
import { type Certificate, type OwnedReservation, type ReservationEvent } from '#packing';

import { type PassDurations } from './pass-record.js';

const PassSchema = defineEntity({
  name: 'Pass',
  tableName: 'passes',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    clusterId: p.uuid().columnType('uuid'),
    triggers: p.array(),
    startedAt: timestamptz,
    finishedAt: timestamptz.defaultRaw('clock_timestamp()'),
    waiting: p.integer(),
    shapes: p.integer(),
    placed: p.integer(),
    released: p.integer(),
    timedOut: p.integer(),
    preempted: p.integer().default(0),
    isPartial: p.boolean(),
    certificate: p.json<Certificate>().columnType('jsonb'),
    reservation: p.json<OwnedReservation>().columnType('jsonb').nullable(),
    reservationEvents: p.json<readonly ReservationEvent[]>().columnType('jsonb').defaultRaw("'[]'"),
    durationsMs: p.json<PassDurations>().columnType('jsonb'),
  },
  indexes: [{ name: 'passes_cluster_index', properties: ['clusterId', 'id'] }],
});

/** The record that every pass leaves: what it saw, what it did, and how close to the optimum that is. */
export class Pass extends PassSchema.class {}
PassSchema.setClass(Pass);

export { PassSchema };
