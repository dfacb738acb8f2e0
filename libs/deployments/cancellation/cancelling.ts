import { stopGraceSeconds } from '#clusters';
import { type Fragment, sql } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type Choice, chosen, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';

/** What a cancellation finds done already, as SQL over `deployments d`: what stops will be `cancelled` anyway. */
export const CANCELLED_ALREADY = sql`d.status = 'stopping' and d.stop_outcome = 'cancelled'`;

/** The transitions by which a request cancels a deployment, over the row of `chosen` and the grace that is granted. */
const CANCEL: readonly Choice[] = [
  { transition: TRANSITIONS.stopForCancel, when: sql`granted.seconds > 0` },
  { transition: TRANSITIONS.cancelWhileStopping, when: sql`stop_report is null` },
  { transition: TRANSITIONS.cancelStopped },
  { transition: TRANSITIONS.cancel },
];

/**
 * Cancels the rows of a table `chosen` (organization_id, id, status, stop_report), which are locked and can be cancelled: common tables of
 * which `cancelled` has the rows after that, with the status that each had (`from_status`).
 *
 * A running deployment is asked to stop where the cluster grants a grace. A stopping one keeps its grace and will be cancelled. All others
 * end at once.
 */
export function cancelling(actor: Actor, cluster: ClusterRef): Fragment {
  return sql`judged as materialized (
    select organization_id, id, status as from_status, granted.seconds * interval '1 second' as grace,
           ${chosen(CANCEL, 'to', 'status')} as next, ${chosen(CANCEL, 'cause', 'status')} as cause
    from chosen cross join (select ${stopGraceSeconds(cluster)} as seconds) granted
  ), cancelled as (
    update deployments d
    set status = next, version = version + 1,
        due_at = case when next <> 'stopping' then null when from_status = 'stopping' then d.due_at
                   else greatest(statement_timestamp(), d.started_at) + judged.grace end,
        stop_asked_at = case when next = 'stopping' and from_status <> 'stopping'
                          then greatest(statement_timestamp(), d.started_at) else d.stop_asked_at end,
        stop_cause = case when next = 'stopping' and from_status <> 'stopping' then 'cancelled' else d.stop_cause end,
        stop_outcome = case when next = 'stopping' or d.stop_outcome is not null then 'cancelled' end,
        ended_at = case when next <> 'stopping'
                     then greatest(statement_timestamp(), d.queued_at, d.scheduled_at, d.started_at, d.released_at) end,
        released_at = case from_status when 'queued'
                        then greatest(statement_timestamp(), d.queued_at) else d.released_at end
    from judged
    where d.organization_id = judged.organization_id and d.id = judged.id
    returning d.*, judged.from_status, judged.cause
  ), events as (
    ${eventsOf('cancelled', {
      from_status: sql`from_status`,
      cause: sql`cause`,
      actor_id: sql`${actor.id}::uuid`,
      at: sql`coalesce(ended_at, statement_timestamp())`,
      until: sql`case status when 'stopping' then due_at end`,
    })}
  )`;
}
