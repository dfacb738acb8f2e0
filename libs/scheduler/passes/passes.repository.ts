import { Injectable } from '@nestjs/common';

import { Database, type EntityManager, queries, type TablesOf } from '#database';
import { type Plan } from '#packing';
import { type ClusterRef } from '#queue';

import { PassSchema } from './pass.entity.js';
import { PassSnapshotSchema } from './pass-snapshot.entity.js';
import { decodeSnapshot, type PassSnapshot } from './snapshot-codec.js';

type Tables = TablesOf<typeof PassSchema | typeof PassSnapshotSchema>;

/** What a pass saw and decided, as far as it is stored. */
export interface RecordedSnapshot extends PassSnapshot {
  readonly plan: Plan;
}

/** Reads records of passes and their snapshots. The caller has checked that the actor may see the cluster. */
@Injectable()
export class PassesRepository {
  constructor(private readonly database: Database) {}

  /** Passes of a cluster, newest first, after an id. */
  async list(cluster: ClusterRef, take: number, after: string | undefined): Promise<PassView[]> {
    const passes = passesOf(this.database.reader(), cluster).orderBy('id', 'desc').limit(take);
    return (after === undefined ? passes : passes.where('id', '<', after)).execute();
  }

  /** One pass of a cluster. */
  async find(cluster: ClusterRef, passId: string): Promise<PassView | undefined> {
    return passesOf(this.database.reader(), cluster).where('id', '=', passId).executeTakeFirst();
  }

  /** What a pass saw; null where it is not stored, or no longer. */
  async snapshotOf({ organizationId, clusterId }: ClusterRef, passId: string): Promise<RecordedSnapshot | null> {
    const row = await queries<Tables>(this.database.reader())
      .selectFrom('pass_snapshots as s')
      .innerJoin('passes as p', 'p.id', 's.pass_id')
      .select(['s.snapshot', 'p.certificate', 'p.reservation_events as reservationEvents'])
      .where('s.organization_id', '=', organizationId)
      .where('s.cluster_id', '=', clusterId)
      .where('s.pass_id', '=', passId)
      .executeTakeFirst();
    if (row === undefined) return null;
    const snapshot = decodeSnapshot(row.snapshot);
    const { place, preempt, reservations } = snapshot;
    const { certificate, reservationEvents } = row;
    const decided = { place, preempt, reservations, reservationEvents, certificate };
    return { ...snapshot, plan: { ...decided, gatherAfterMs: null, wakeAtMs: null, proof: null } };
  }
}

function passesOf(em: EntityManager, { organizationId, clusterId }: ClusterRef) {
  return queries<Tables>(em)
    .selectFrom('passes')
    .select(['id', 'triggers', 'started_at as startedAt', 'finished_at as finishedAt', 'waiting', 'shapes', 'placed'])
    .select(['released', 'timed_out as timedOut', 'preempted', 'is_partial as isPartial', 'certificate'])
    .select(['reservation', 'reservation_events as reservationEvents', 'durations_ms as durationsMs'])
    .where('organization_id', '=', organizationId)
    .where('cluster_id', '=', clusterId);
}

/** The record of a pass. */
export type PassView = Awaited<ReturnType<ReturnType<typeof passesOf>['executeTakeFirstOrThrow']>>;
