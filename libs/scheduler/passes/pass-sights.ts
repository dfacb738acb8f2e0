import { Injectable } from '@nestjs/common';

import { Database, rowsOf, sql } from '#database';
import { type Plan } from '#packing';

import { type PassCertificate } from './pass-record.js';
import { type PassSight, unpackSight } from './pass-sight.js';

/** What a pass saw and decided, as far as it is kept. */
export interface KeptSight extends PassSight {
  readonly plan: Plan;
}

/** Reads what passes saw. Whoever asks has made sure that the reader may see the cluster. */
@Injectable()
export class PassSights {
  constructor(private readonly database: Database) {}

  /** What a pass saw; null where that is not kept, or not any more. */
  async read(organizationId: string, clusterId: string, passId: string): Promise<KeptSight | null> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<{ sight: Uint8Array; certificate: PassCertificate; events: Plan['reservationEvents'] }>`
        select s.sight, p.certificate, p.reservation_events as events
        from pass_sights s join passes p on p.id = s.pass_id
        where s.organization_id = ${organizationId} and s.cluster_id = ${clusterId} and s.pass_id = ${passId}`,
    );
    if (row === undefined) return null;
    const sight = unpackSight(row.sight);
    const { place, preempt, claims, reservation } = sight;
    const { certificate, events } = row;
    const plan = {
      place,
      preempt,
      claims,
      reservation,
      reservationEvents: events,
      wakeAtMs: null,
      certificate,
      proof: null,
    };
    return { ...sight, plan };
  }
}
