import { stopGraceSeconds } from '#clusters';
import { type Fragment, sql } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

/** What a cancellation finds done already, as SQL over `deployments d`: what stops will be `cancelled` anyway. */
export const CANCELLED_ALREADY = sql`d.status = 'stopping' and d.stop_outcome = 'cancelled'`;

/**
 * Cancels the rows of a table `chosen` (organization_id, id, status, stop_report), which are locked and stand where they can be cancelled:
 * common tables of which `cancelled` has the rows as they are then, with the status that each had (`from_status`).
 *
 * What runs is asked to stop where the cluster grants it time for that; what stops already goes on stopping, but will be cancelled. All else
 * ends at once.
 */
export function cancelling(actor: Actor, cluster: ClusterRef): Fragment {
  return sql`judged as materialized (
    select organization_id, id, status, granted.seconds * interval '1 second' as grace,
           case when status = 'running' and granted.seconds > 0 then 'asked'
                when status = 'stopping' and stop_report is null then 'stopping' else 'ended' end as what
    from chosen cross join (select ${stopGraceSeconds(cluster)} as seconds) granted
  ), cancelled as (
    update deployments d
    set status = case judged.what when 'ended' then 'cancelled' else 'stopping' end, version = version + 1,
        due_at = case judged.what when 'asked' then greatest(statement_timestamp(), d.started_at) + judged.grace
                   when 'stopping' then d.due_at end,
        stop_asked_at = case judged.what when 'asked' then greatest(statement_timestamp(), d.started_at) else d.stop_asked_at end,
        stop_cause = case judged.what when 'asked' then 'cancelled' else d.stop_cause end,
        stop_outcome = case when judged.what <> 'ended' or d.stop_outcome is not null then 'cancelled' end,
        ended_at = case judged.what when 'ended'
                     then greatest(statement_timestamp(), d.queued_at, d.scheduled_at, d.started_at, d.released_at) end,
        released_at = case judged.status when 'queued'
                        then greatest(statement_timestamp(), d.queued_at) else d.released_at end
    from judged
    where d.organization_id = judged.organization_id and d.id = judged.id
    returning d.*, judged.status as from_status, judged.what
  ), events as (
    insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status,
                                   to_status, cause, actor_id, at, until)
    select organization_id, id, version, cluster_id, attempt, from_status, status,
           case what when 'stopping' then 'cancelled-meanwhile' else 'cancelled' end, ${actor.id},
           coalesce(ended_at, statement_timestamp()), case status when 'stopping' then due_at end
    from cancelled
  )`;
}
