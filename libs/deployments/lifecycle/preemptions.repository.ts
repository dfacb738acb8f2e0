import { Injectable } from '@nestjs/common';

import { type ShapeKey } from '#kernel';
import { type EntityManager, rowsOf, selectShape, sql } from '#database';

import { type AttemptResources, type PassContext } from './lifecycle.repository.js';
import { type Choice, chosen, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';

/** A deployment to preempt, and its preemptor. */
export interface Victim {
  readonly id: string;
  /** The version that the plan was made with. A deployment that has changed since is not preempted. */
  readonly version: number;
  /** A deployment that starts in its place. */
  readonly preemptorId: string;
  readonly preemptorPriority: number;
  /** How long it has run: lost work. */
  readonly lostSeconds: number;
}

/** A preempted deployment, with the lost attempt and its shape. */
export interface PreemptedDeployment extends AttemptResources, ShapeKey {
  readonly lostSeconds: number;
  /** Whether it keeps its resources until its runtime has stopped it, or its grace is over. */
  readonly isStopping: boolean;
}

/** The transitions of a preemption, over the row `found`. */
const preempting = (graceSeconds: number): readonly Choice[] => [
  { transition: TRANSITIONS.stopForPreemption, when: sql`${graceSeconds}::int > 0` },
  { transition: TRANSITIONS.preempt },
];

/** Writes preemptions into the rows and events of deployments. */
@Injectable()
export class Preemptions {
  /**
   * Preempts deployments: queues them again with their age, as another attempt, or, where a runtime runs one and there is a grace, asks it
   * to stop first.
   *
   * Skips those that have changed or are locked: it does not wait for a report or a cancel. If fewer come back than were named, the caller
   * must plan again.
   */
  async preempt(
    tx: EntityManager,
    { organizationId, passId }: PassContext,
    victims: readonly Victim[],
    graceSeconds: number,
  ): Promise<PreemptedDeployment[]> {
    const choices = preempting(graceSeconds);
    return rowsOf(
      tx,
      sql<PreemptedDeployment>`
        with named as materialized (
          select ${organizationId}::uuid as organization_id, named.* from unnest(
            ${victims.map((d) => d.id)}::uuid[], ${victims.map((d) => d.version)}::int[],
            ${victims.map((d) => d.preemptorId)}::uuid[], ${victims.map((d) => d.preemptorPriority)}::smallint[],
            ${victims.map((d) => d.lostSeconds)}::int[]
          ) as named (id, version, preemptor_id, preemptor_priority, lost_seconds)
        ), victims as materialized (
          select named.*, found.status, found.attempt, ${chosen(choices, 'to', 'found.status')} as next,
                 ${chosen(choices, 'cause', 'found.status')} as cause
          from named cross join lateral (
            select d.status, d.attempt, d.version from deployments d
            where d.organization_id = named.organization_id and d.id = named.id
            limit 1 for no key update skip locked
          ) found
          where found.version = named.version and found.status = any(${[...TRANSITIONS.preempt.from]})
        ), judged as (
          select *, next = 'stopping' as is_stopping from victims
        ), preempted as (
          update deployments d
          set status = next, version = d.version + 1,
              attempt = d.attempt + (not is_stopping)::int, preemptions = d.preemptions + 1,
              scheduled_at = case when is_stopping then d.scheduled_at end,
              started_at = case when is_stopping then d.started_at end,
              due_at = case when is_stopping
                         then greatest(statement_timestamp(), d.started_at) + ${graceSeconds}::int * interval '1 second'
                         else statement_timestamp() + nullif(d.queue_timeout_seconds, 0) * interval '1 second' end,
              stop_asked_at = case when is_stopping then greatest(statement_timestamp(), d.started_at) end,
              stop_cause = case when is_stopping then 'preempted' end,
              stop_outcome = case when is_stopping then 'queued' end
          from judged
          where d.organization_id = judged.organization_id and d.id = judged.id
          returning d.*, judged.status as from_status, judged.cause, judged.attempt as ended_attempt, is_stopping,
                    preemptor_id, preemptor_priority, lost_seconds
        ), events as (
          ${eventsOf('preempted', {
            from_status: sql`from_status`,
            cause: sql`cause`,
            pass_id: sql`${passId}::uuid`,
            at: sql`coalesce(stop_asked_at, statement_timestamp())`,
            until: sql`case when is_stopping then due_at end`,
            preemptor_id: sql`preemptor_id`,
            preemptor_priority: sql`preemptor_priority`,
            lost_seconds: sql`case when not is_stopping then lost_seconds end`,
          })}
        )
        select id as "deploymentId", ended_attempt as attempt, ${selectShape()}, lost_seconds as "lostSeconds", is_stopping as "isStopping"
        from preempted`,
    );
  }

  /**
   * Locks preemptors for which others are asked to stop. False unless all of them are still queued with their priority and could be locked
   * without waiting for an edit or a cancel.
   */
  async areWaiting(
    tx: EntityManager,
    { organizationId }: PassContext,
    preemptors: readonly Pick<Victim, 'preemptorId' | 'preemptorPriority'>[],
  ): Promise<boolean> {
    const priorities = new Map(preemptors.map((one) => [one.preemptorId, one.preemptorPriority]));
    const rows = await rowsOf(
      tx,
      sql<{ id: string }>`
        select named.id
        from unnest(${[...priorities.keys()]}::uuid[], ${[...priorities.values()]}::smallint[]) as named (id, priority)
        cross join lateral (
          select d.status, d.priority from deployments d
          where d.organization_id = ${organizationId}::uuid and d.id = named.id
          limit 1 for share skip locked
        ) found
        where found.status = 'queued' and found.priority = named.priority`,
    );
    return rows.length === priorities.size;
  }
}
