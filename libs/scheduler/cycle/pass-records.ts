import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, type Fragment, sql } from '#database';
import { type PassContext } from '#deployments';
import { ownedReservation, type Plan } from '#packing';

import { type StoredDecision } from '../decisions/chain.js';
import { appended } from '../decisions/decision-log.js';
import { AfterPassQueue, type PassResult } from './after-pass-queue.js';
import { countLatencies, type Latencies } from '../passes/latencies.js';
import { type PassDurations } from '../passes/pass-record.js';

/** What there is to say of a pass. */
export interface PassFacts {
  readonly triggers: readonly string[];
  readonly startedAtMs: number;
  readonly waiting: number;
  readonly shapes: number;
  readonly placed: number;
  readonly preempted: number;
  /** How long those had run, in all, that gave way and wait again since this pass. */
  readonly lostSeconds: number;
  readonly waits: Latencies;
  readonly released: number;
  /** How long before this pass settled it something ended, where it made room for something; in milliseconds. */
  readonly turn: number | null;
  readonly timedOut: number;
  readonly isPartial: boolean;
  readonly plan: Plan;
  /** What the planner was given and answered; null: it is not recorded. */
  readonly decision: StoredDecision | null;
  /** What the pass saw, packed; null: nothing of it is kept. */
  readonly encodedSnapshot: Uint8Array | null;
  readonly durations: PassDurations;
}

/** Writes what passes leave to be read. */
@Injectable()
export class PassRecords {
  constructor(private readonly afterPass: AfterPassQueue) {}

  async write(tx: EntityManager, pass: PassContext, facts: PassFacts): Promise<void> {
    const { certificate, reservations, reservationEvents } = facts.plan;
    const reservation = ownedReservation(reservations);
    const decided = facts.decision === null ? sql`` : sql`, ${appended(pass.organizationId, facts.decision)}`;
    await changesOf(
      tx,
      sql`with added as (${totals(pass, facts)}) ${decided}
          insert into passes (id, organization_id, cluster_id, triggers, started_at, waiting, shapes, placed, released,
                              timed_out, preempted, is_partial, certificate, reservation, reservation_events, durations_ms)
          values (${pass.passId}, ${pass.organizationId}, ${pass.clusterId}, ${facts.triggers}::text[],
                  to_timestamp(${facts.startedAtMs}::float8 / 1000), ${facts.waiting}, ${facts.shapes}, ${facts.placed},
                  ${facts.released}, ${facts.timedOut}, ${facts.preempted}, ${facts.isPartial}, ${JSON.stringify(certificate)}::jsonb,
                  ${reservation === null ? null : JSON.stringify(reservation)}::jsonb,
                  ${JSON.stringify(reservationEvents)}::jsonb, ${JSON.stringify(facts.durations)}::jsonb)`,
    );
    if (facts.encodedSnapshot === null) return;
    await changesOf(
      tx,
      sql`insert into pass_snapshots (pass_id, organization_id, cluster_id, snapshot)
          values (${pass.passId}, ${pass.organizationId}, ${pass.clusterId}, ${Buffer.from(facts.encodedSnapshot)}::bytea)`,
    );
  }

  /** Tells of a pass that has committed. */
  committed(result: PassResult): void {
    this.afterPass.put(result);
  }
}

/** Adds a pass to the running totals of its cluster. */
function totals(pass: PassContext, facts: PassFacts): Fragment {
  const { settle, snapshot, plan, apply } = facts.durations;
  const { waits } = facts;
  const turns = countLatencies(facts.turn === null ? [] : [facts.turn + snapshot + plan + apply]);
  return sql`insert into pass_totals as total
            (cluster_id, organization_id, passes, optimal, placed, released, timed_out, preempted, lost_seconds, settle_ms, snapshot_ms, plan_ms, apply_ms,
             waits, waits_ms, turns, turns_ms)
          values (${pass.clusterId}, ${pass.organizationId}, 1, ${facts.plan.certificate.optimal ? 1 : 0}, ${facts.placed},
                  ${facts.released}, ${facts.timedOut}, ${facts.preempted}, ${facts.lostSeconds}, ${settle}, ${snapshot}, ${plan}, ${apply},
                  ${waits.counts}::bigint[], ${waits.sumMs}, ${turns.counts}::bigint[], ${turns.sumMs})
          on conflict (cluster_id) do update set
            passes = total.passes + 1, optimal = total.optimal + excluded.optimal, placed = total.placed + excluded.placed,
            released = total.released + excluded.released, timed_out = total.timed_out + excluded.timed_out,
            preempted = total.preempted + excluded.preempted, lost_seconds = total.lost_seconds + excluded.lost_seconds,
            settle_ms = total.settle_ms + excluded.settle_ms, snapshot_ms = total.snapshot_ms + excluded.snapshot_ms,
            plan_ms = total.plan_ms + excluded.plan_ms, apply_ms = total.apply_ms + excluded.apply_ms,
            waits = array(select a + b from unnest(total.waits, excluded.waits) with ordinality as pair (a, b, i) order by i),
            waits_ms = total.waits_ms + excluded.waits_ms,
            turns = array(select a + b from unnest(total.turns, excluded.turns) with ordinality as pair (a, b, i) order by i),
            turns_ms = total.turns_ms + excluded.turns_ms`;
}
