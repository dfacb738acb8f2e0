import { Injectable } from '@nestjs/common';

import { ClusterDoor } from '#clusters';
import { Database, rfc3339, rowsOf, sql } from '#database';
import { type Actor } from '#rbac';

import { type ReservationEvent, type StandingReservation } from '#packing';

import { type KeptSight, PassSights } from './pass-sights.js';
import { PassErrors } from './passes.errors.js';
import { type PassCertificate, type PassDurations } from './pass-record.js';

/** The record of a pass. Times in RFC 3339. */
export interface PassView {
  readonly id: string;
  readonly wokenBy: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly waiting: number;
  readonly shapes: number;
  readonly placed: number;
  readonly released: number;
  readonly timedOut: number;
  readonly preempted: number;
  readonly isPartial: boolean;
  readonly certificate: PassCertificate;
  readonly reservation: StandingReservation | null;
  readonly reservationEvents: readonly ReservationEvent[];
  readonly durationsMs: PassDurations;
}

const PASS_COLUMNS = sql`
  id, woken_by as "wokenBy", started_at as "startedAt", finished_at as "finishedAt", waiting, shapes, placed,
  released, timed_out as "timedOut", preempted, is_partial as "isPartial", certificate, reservation,
  reservation_events as "reservationEvents", durations_ms as "durationsMs"`;

/** The record of a pass with what it saw, where that is kept. */
export interface PassDetail {
  readonly pass: PassView;
  readonly sight: KeptSight | null;
}

/** Reads what passes have left. */
@Injectable()
export class PassesService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterDoor,
    private readonly sights: PassSights,
  ) {}

  /** Passes of a cluster, newest first, from after an id on. @throws CLUSTERS.NOT_FOUND */
  async list(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    take: number,
    after: string | undefined,
  ): Promise<readonly PassView[]> {
    await this.clusters.read(actor, organizationId, clusterId);
    const rows = await rowsOf(
      this.database.reader(),
      sql<PassView>`
        select ${PASS_COLUMNS} from passes
        where organization_id = ${organizationId} and cluster_id = ${clusterId}
          ${after === undefined ? sql`` : sql`and id < ${after}`}
        order by id desc limit ${take}`,
    );
    return rows.map(viewOf);
  }

  /** One pass of a cluster. @throws CLUSTERS.NOT_FOUND, PASSES.NOT_FOUND */
  async read(actor: Actor, organizationId: string, clusterId: string, passId: string): Promise<PassDetail> {
    await this.clusters.read(actor, organizationId, clusterId);
    const [row] = await rowsOf(
      this.database.reader(),
      sql<PassView>`
        select ${PASS_COLUMNS} from passes
        where organization_id = ${organizationId} and cluster_id = ${clusterId} and id = ${passId}`,
    );
    if (row === undefined) throw PassErrors.NOT_FOUND.because();
    return { pass: viewOf(row), sight: await this.sights.read(organizationId, clusterId, passId) };
  }
}

function viewOf(row: PassView): PassView {
  return { ...row, startedAt: rfc3339(row.startedAt), finishedAt: rfc3339(row.finishedAt) };
}
