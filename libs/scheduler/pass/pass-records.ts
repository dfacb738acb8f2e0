import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, sql } from '#database';
import { type PassContext } from '#deployments';
import { type Plan } from '#packing';

import { type PassDurations } from './pass-record.js';

/** What there is to say of a pass. */
export interface PassFacts {
  readonly wokenBy: string;
  readonly startedAtMs: number;
  readonly waiting: number;
  readonly shapes: number;
  readonly placed: number;
  readonly released: number;
  readonly timedOut: number;
  readonly isPartial: boolean;
  readonly plan: Plan;
  readonly durations: PassDurations;
}

/** Writes what passes leave to be read. */
@Injectable()
export class PassRecords {
  async write(tx: EntityManager, pass: PassContext, facts: PassFacts): Promise<void> {
    const { certificate, reservation, reservationEvents } = facts.plan;
    await changesOf(
      tx,
      sql`insert into passes (id, organization_id, cluster_id, woken_by, started_at, waiting, shapes, placed, released,
                              timed_out, is_partial, certificate, reservation, reservation_events, durations_ms)
          values (${pass.passId}, ${pass.organizationId}, ${pass.clusterId}, ${facts.wokenBy},
                  to_timestamp(${facts.startedAtMs}::float8 / 1000), ${facts.waiting}, ${facts.shapes}, ${facts.placed},
                  ${facts.released}, ${facts.timedOut}, ${facts.isPartial}, ${JSON.stringify(certificate)}::jsonb,
                  ${reservation === null ? null : JSON.stringify(reservation)}::jsonb,
                  ${JSON.stringify(reservationEvents)}::jsonb, ${JSON.stringify(facts.durations)}::jsonb)`,
    );
  }
}
