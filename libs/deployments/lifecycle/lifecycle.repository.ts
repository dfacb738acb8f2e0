import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, type ShapeKey } from '#kernel';
import { stopGraceSeconds } from '#clusters';
import {
  type EntityManager,
  type Fragment,
  rowsOf,
  sameShape,
  selectAmounts,
  selectShape,
  shapeArrays,
  shapeColumns,
  sql,
} from '#database';
import { type ShapeChange } from '#queue';

import { imageNameOf } from '../fields/image-reference.js';
import { causedBy, type Choice, chosen, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';

/** A pass and its cluster. */
export interface PassContext {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly passId: string;
}

/** The number of deployments of a shape to schedule. */
export interface ShapeToSchedule extends ShapeKey {
  readonly count: number;
  /** Deployments that must be among them; the rest are the oldest. */
  readonly includes: readonly string[];
}

/** A queued deployment and its age. */
export interface WaitingDeployment {
  readonly id: string;
  readonly queuedAtMs: number;
}

/** Deployments that hold the same resources until the same time. */
export interface AllocatedGroup extends ResourceAmounts {
  readonly priority: number;
  /** null: not declared */
  readonly endsAtMs: number | null;
  readonly count: number;
  /** The deployments of a group that declares no end, and when they are expected to end; absent: not expected, or not asked for. */
  readonly expected?: { readonly endMs: number; readonly ids: readonly string[] };
}

/** An attempt whose resources are allocated or released, as the ledger records it. */
export interface AttemptResources extends ResourceAmounts {
  readonly deploymentId: string;
  readonly attempt: number;
}

/** A deployment that a pass has scheduled, with the shape it had in the queue. */
export interface ScheduledDeployment extends AttemptResources, ShapeKey {
  /** Since it was submitted, by the database's clock. */
  readonly waitedMs: number;
  /** When its declared runtime is over; null: not declared. */
  readonly endsAtMs: number | null;
}

/** An attempt whose resources are released, and how long ago it ended, by the database's clock; null: it will be retried. */
export interface EndedAttempt extends AttemptResources {
  readonly endedMsAgo: number | null;
  /** The member or service account that submitted it. */
  readonly memberId: string;
  /** In normal form, without tag and digest. */
  readonly image: string;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
  /** How long it had its resources, where it ended by itself or at its limit; null: that says nothing about how long it takes. */
  readonly ranSeconds: number | null;
}

/** The changes of {@link DeploymentLifecycle.takeDue}. */
export interface DueChanges {
  /** The number of deployments that reached `maxRuntimeSeconds`. */
  readonly timedOut: number;
  /** Preempted attempts that have stopped: their resources are released, and the deployments are queued again. */
  readonly stopped: readonly AttemptResources[];
  /** The time for which those held resources, in all: lost work. */
  readonly lostSeconds: number;
  /** The number of changed deployments: if it equals the limit, more may be due. */
  readonly changed: number;
  /** The changes of the queue: requeued attempts, and expired deployments. */
  readonly queue: readonly ShapeChange[];
}

interface DueRow extends ShapeChange {
  readonly timedOut: number;
  readonly lostSeconds: number;
  readonly stoppedIds: readonly string[] | null;
  readonly stoppedAttempts: readonly number[] | null;
  readonly changed: number;
}

/** The transitions that a pass makes because a time has come, over `due` and the grace that is granted. */
const DUE: readonly Choice[] = [
  { transition: TRANSITIONS.requeueRetry },
  { transition: TRANSITIONS.expire },
  { transition: TRANSITIONS.stopAtTimeout, when: sql`granted.seconds > 0` },
  { transition: TRANSITIONS.timeOut },
  {
    transition: TRANSITIONS.requeueReported,
    when: sql`due.stop_outcome = 'queued' and due.stop_report is not null`,
  },
  { transition: TRANSITIONS.requeueAtGrace, when: sql`due.stop_outcome = 'queued'` },
  { transition: TRANSITIONS.endCancelledAtGrace, when: sql`due.stop_outcome = 'cancelled'` },
  { transition: TRANSITIONS.endTimedOutAtGrace, when: sql`due.stop_outcome = 'timed_out'` },
];

/** The statuses of attempts whose end says how long such a one takes: it ended by itself, or at the limit that it declared. */
const ENDED_BY_THEMSELVES: readonly string[] = [
  TRANSITIONS.succeed.to,
  TRANSITIONS.fail.to,
  TRANSITIONS.retry.to,
  TRANSITIONS.timeOut.to,
];

/** At most `limit` deployments of a cluster that are due, with the status that each gets (`next`) and the cause. */
function judgedDue(organizationId: string, clusterId: string, limit: number): Fragment {
  return sql`due as materialized (
    select organization_id, id, status, scheduled_at, stop_outcome, stop_report from deployments
    where cluster_id = ${clusterId} and due_at <= statement_timestamp()
      and (status <> 'retrying' or released_at is not null)
    order by due_at limit ${limit} for no key update skip locked
  ), judged as materialized (
    select due.organization_id, due.id, due.status, due.scheduled_at, granted.seconds * interval '1 second' as grace,
           ${chosen(DUE, 'to', 'due.status')} as next, ${chosen(DUE, 'cause', 'due.status')} as cause
    from due cross join (select ${stopGraceSeconds({ organizationId, clusterId })} as seconds) granted
  )`;
}

/**
 * Writes what a pass decides into the rows and events of deployments. Every change is conditional on the row being as it was chosen: a
 * cancel that commits meanwhile wins. Set-based: one statement per step, for any number of rows.
 *
 * Rows are chosen first, in a materialized step, and then joined by their whole key. A constant for the organization beside the join would
 * let PostgreSQL begin with the table instead, where its statistics are older than the organization's rows; a constant for the status,
 * with a partial index, where they are older than the queue.
 */
@Injectable()
export class DeploymentLifecycle {
  /**
   * Schedules the included deployments, then the oldest of each shape. Skips those that were cancelled or got another priority meanwhile:
   * fewer may be scheduled than requested, and both leave a signal for another pass. Other edits do not prevent the start.
   */
  async schedule(
    tx: EntityManager,
    { organizationId, clusterId, passId }: PassContext,
    shapes: readonly ShapeToSchedule[],
  ): Promise<ScheduledDeployment[]> {
    const named = shapes.flatMap(({ includes, priority }) => includes.map((id) => ({ id, priority })));
    const included = named.map(({ id }) => id);
    return rowsOf(
      tx,
      sql<ScheduledDeployment>`
        with wanted as (
          select * from unnest(
            ${shapeArrays(shapes)}, ${shapes.map((s) => s.count - s.includes.length)}::int[]
          ) as wanted (${shapeColumns()}, count)
        ), included as materialized (
          select ${organizationId}::uuid as organization_id, id, priority
          from unnest(${included}::uuid[], ${named.map(({ priority }) => priority)}::smallint[]) as included (id, priority)
        ), chosen as materialized (
          select included.organization_id, included.id, waiting.status, included.priority
          from included cross join lateral (
            select status from deployments d
            where d.organization_id = included.organization_id and d.id = included.id
            limit 1
          ) waiting
          where waiting.status = 'queued'
          union all
          select ${organizationId}::uuid, oldest.id, oldest.status, wanted.priority
          from wanted cross join lateral (
            select id, status from deployments d
            where d.cluster_id = ${clusterId} and d.status = 'queued' and ${sameShape('d', 'wanted')}
              and d.id <> all(${included}::uuid[])
            order by d.queued_at, d.id
            limit wanted.count
          ) oldest
        ), scheduled as (
          update deployments d
          set status = ${TRANSITIONS.schedule.to}, version = d.version + 1, scheduled_at = greatest(statement_timestamp(), d.queued_at), started_at = null,
              released_at = null,
              due_at = statement_timestamp() + nullif(max_runtime_seconds, 0) * interval '1 second'
          from chosen
          where d.organization_id = chosen.organization_id and d.id = chosen.id
            and d.status = chosen.status and d.priority = chosen.priority
          returning d.organization_id, d.id, d.version, d.cluster_id, d.attempt, d.status, ${shapeColumns('d')}, d.scheduled_at,
                    d.queued_at, d.due_at
        ), events as (
          ${eventsOf('scheduled', { ...causedBy(TRANSITIONS.schedule), pass_id: sql`${passId}::uuid`, at: sql`scheduled_at` })}
        )
        select id as "deploymentId", attempt, ${selectShape()},
               extract(epoch from scheduled_at - queued_at)::float8 * 1000 as "waitedMs",
               ceil(extract(epoch from due_at) * 1000)::float8 as "endsAtMs"
        from scheduled`,
    );
  }

  /**
   * Makes the transitions that are due by time, at most `limit` (see {@link DUE}).
   *
   * Skips locked rows: their change comes with a signal, or they stay due. A pass therefore never waits for a batch of reports that has
   * locked others.
   */
  async takeDue(
    tx: EntityManager,
    { organizationId, clusterId, passId }: PassContext,
    limit: number,
  ): Promise<DueChanges> {
    const rows = await rowsOf(
      tx,
      sql<DueRow>`
        with ${judgedDue(organizationId, clusterId, limit)}, changed as (
          update deployments d
          set status = next, version = d.version + 1, attempt = d.attempt + (next = 'queued')::int,
              scheduled_at = case when next <> 'queued' then d.scheduled_at end,
              started_at = case when next <> 'queued' then d.started_at end,
              ended_at = case when next not in ('queued', 'stopping')
                           then greatest(statement_timestamp(), d.queued_at, d.scheduled_at, d.started_at) end,
              released_at = case when judged.status = 'queued' then greatest(statement_timestamp(), d.queued_at) end,
              due_at = case next when 'queued' then statement_timestamp() + nullif(d.queue_timeout_seconds, 0) * interval '1 second'
                         when 'stopping' then greatest(statement_timestamp(), d.started_at) + judged.grace end,
              stop_asked_at = case next when 'queued' then null
                                when 'stopping' then greatest(statement_timestamp(), d.started_at) else d.stop_asked_at end,
              stop_cause = case next when 'queued' then null when 'stopping' then 'max-runtime' else d.stop_cause end,
              stop_outcome = case next when 'queued' then null when 'stopping' then 'timed_out' else d.stop_outcome end,
              stop_report = case when next <> 'queued' then d.stop_report end
          from judged
          where d.organization_id = judged.organization_id and d.id = judged.id
          returning d.*, judged.status as from_status, judged.cause,
                    case when judged.status = 'stopping' and next = 'queued'
                      then floor(greatest(extract(epoch from statement_timestamp() - judged.scheduled_at), 0))::int end as lost
        ), events as (
          ${eventsOf('changed', {
            from_status: sql`from_status`,
            cause: sql`cause`,
            pass_id: sql`${passId}::uuid`,
            at: sql`coalesce(ended_at, statement_timestamp())`,
            until: sql`case status when 'stopping' then due_at end`,
            lost_seconds: sql`lost`,
          })}
        )
        select ${selectShape()}, count(*)::int as changed,
               count(*) filter (where cause = 'max-runtime')::int as "timedOut",
               coalesce(sum(lost), 0)::float8 as "lostSeconds",
               array_agg(id) filter (where from_status = 'stopping' and status = 'queued') as "stoppedIds",
               array_agg(attempt - 1) filter (where from_status = 'stopping' and status = 'queued') as "stoppedAttempts",
               (count(*) filter (where status = 'queued') - count(*) filter (where status = 'expired'))::int as change
        from changed group by ${shapeColumns()}`,
    );
    return {
      timedOut: rows.reduce((sum, { timedOut }) => sum + timedOut, 0),
      stopped: rows.flatMap(({ cpuMillis, memoryMib, gpuMillis, stoppedIds, stoppedAttempts }) =>
        (stoppedIds ?? []).map((deploymentId, index) => ({
          deploymentId,
          attempt: stoppedAttempts?.[index] ?? 0,
          cpuMillis,
          memoryMib,
          gpuMillis,
        })),
      ),
      lostSeconds: rows.reduce((sum, { lostSeconds }) => sum + lostSeconds, 0),
      changed: rows.reduce((sum, { changed }) => sum + changed, 0),
      queue: rows.filter(({ change }) => change !== 0),
    };
  }

  /** Marks the resources of ended attempts as released, at most `limit`, and returns those attempts. */
  async takeUnsettled(tx: EntityManager, { clusterId }: PassContext, limit: number): Promise<EndedAttempt[]> {
    const rows = await rowsOf(
      tx,
      sql<EndedAttempt>`
        with unsettled as materialized (
          select organization_id, id from deployments
          where cluster_id = ${clusterId} and (ended_at is not null or status = 'retrying') and released_at is null
          order by id limit ${limit}
        )
        update deployments d
        set released_at = greatest(statement_timestamp(), d.ended_at)
        from unsettled
        where d.organization_id = unsettled.organization_id and d.id = unsettled.id and d.released_at is null
        returning d.id as "deploymentId", d.attempt, ${selectAmounts('d')},
                  extract(epoch from statement_timestamp() - d.ended_at)::float8 * 1000 as "endedMsAgo",
                  d.submitted_by as "memberId", d.image, nullif(d.max_runtime_seconds, 0) as "maxRuntimeSeconds",
                  case when d.status = any(${ENDED_BY_THEMSELVES})
                    then greatest(extract(epoch from coalesce(d.ended_at, statement_timestamp()) - d.scheduled_at), 0)::float8
                  end as "ranSeconds"`,
    );
    return rows.map((row) => ({ ...row, image: imageNameOf(row.image) }));
  }

  /**
   * The first due time of each cluster, in milliseconds from now; negative for the past. Steps from cluster to cluster by an index, and
   * reads one row of each: the cost follows the clusters, not the due deployments.
   */
  async firstDue(em: EntityManager): Promise<readonly { readonly clusterId: string; readonly inMs: number }[]> {
    return rowsOf(
      em,
      sql<{ clusterId: string; inMs: number }>`
        with recursive first as (
          (select cluster_id, due_at from deployments where due_at is not null order by cluster_id, due_at limit 1)
          union all
          select next.cluster_id, next.due_at
          from first cross join lateral (
            select d.cluster_id, d.due_at from deployments d
            where d.due_at is not null and d.cluster_id > first.cluster_id
            order by d.cluster_id, d.due_at limit 1
          ) next
        )
        select cluster_id as "clusterId", extract(epoch from due_at - statement_timestamp())::float8 * 1000 as "inMs"
        from first`,
    );
  }
}
