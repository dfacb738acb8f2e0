import { stopGraceSeconds } from '#clusters';
import { type EntityManager, exactlyOne, type Fragment, rowsOf, selectShape, shapeColumns, sql } from '#database';
import { type ClusterRef, type ShapeChange } from '#queue';
import { type Actor, isOwnOrAdmin } from '#rbac';

import { DEPLOYMENT_COLUMNS, type DeploymentRow } from '../deployment-view.js';
import { type DeploymentFilter, filterCondition } from '../filter/deployment-filter.js';
import { DEPLOYMENT_STATUSES, type DeploymentStatus } from '../states/deployment-status.js';
import { type Choice, chosen, eventsOf } from '../states/transition-sql.js';
import { CANCELLABLE_STATUSES, TRANSITIONS } from '../states/transitions.js';

/** The deployments that a cancellation in bulk covers, and the actor. */
export interface CancellationScope extends ClusterRef {
  readonly actor: Actor;
  readonly filter: DeploymentFilter;
}

/** A number of cancelled deployments of one shape, of which some still run and were asked to stop. `change` is that of the queue. */
export interface CancelledShape extends ShapeChange {
  readonly cancelled: number;
  readonly stopping: number;
}

/** The condition that a cancellation would change nothing of `deployments d`: it stops, and will be cancelled anyway. */
const ALREADY_CANCELLED = sql`d.status = 'stopping' and d.stop_outcome = 'cancelled'`;

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
function cancelling(actor: Actor, cluster: ClusterRef): Fragment {
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

/** Whether the deployment is cancelled, or will be when it has stopped. */
export function isCancelled({ status, stopOutcome }: DeploymentRow): boolean {
  return status === 'cancelled' || (status === 'stopping' && stopOutcome === 'cancelled');
}

/** Cancels a deployment that is locked and has a status that allows it. */
export async function cancelOne(tx: EntityManager, actor: Actor, before: DeploymentRow): Promise<DeploymentRow> {
  const { organizationId, id } = before;
  const rows = await rowsOf(
    tx,
    sql<DeploymentRow>`
      with chosen as (
        select organization_id, id, status, stop_report from deployments
        where organization_id = ${organizationId} and id = ${id}
      ), ${cancelling(actor, before)}
      select ${DEPLOYMENT_COLUMNS} from cancelled d`,
  );
  return exactlyOne(rows);
}

/**
 * The deployments that a scope covers, of any submitter, as a table of (id, queued_at, is_own). Each status apart: each has a partial index
 * that begins with the cluster.
 */
export function covered({ organizationId, clusterId, actor, filter }: CancellationScope): Fragment {
  const statuses = statusesOf(filter);
  if (statuses.length === 0)
    return sql`(select null::uuid as id, now() as queued_at, false as is_own where false) covered`;
  const parts = statuses.map(
    (status) => sql`
      select d.id, d.queued_at, ${isOwnOrAdmin(actor, '')} or d.submitted_by = ${actor.id} as is_own from deployments d
      where d.organization_id = ${organizationId} and d.cluster_id = ${clusterId} and d.status = ${status}
        ${status === 'stopping' ? sql`and not (${ALREADY_CANCELLED})` : sql``} ${otherConditions(filter)}`,
  );
  return sql`(${sql.join(parts, sql` union all `)}) covered`;
}

/**
 * Cancels those of some ids that still meet the filter and are not locked. The statement excludes statuses instead of naming one: with a
 * name, PostgreSQL might begin with its partial index, and not with the ids.
 */
export async function cancelSome(
  tx: EntityManager,
  { organizationId, clusterId, actor, filter }: CancellationScope,
  ids: readonly string[],
): Promise<CancelledShape[]> {
  const statuses = statusesOf(filter);
  const excluded = DEPLOYMENT_STATUSES.filter((status) => !statuses.includes(status));
  return rowsOf(
    tx,
    sql<CancelledShape>`
      with wanted as materialized (
        select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as wanted (id)
      ), chosen as materialized (
        select d.organization_id, d.id, d.status, d.stop_report
        from wanted join deployments d on d.organization_id = wanted.organization_id and d.id = wanted.id
        where d.status <> all(${excluded}::text[]) and not (${ALREADY_CANCELLED}) ${otherConditions(filter)}
        for no key update of d skip locked
      ), ${cancelling(actor, { organizationId, clusterId })}
      select ${selectShape()}, count(*)::int as cancelled, (count(*) filter (where status = 'stopping'))::int as stopping,
             -(count(*) filter (where from_status = 'queued'))::int as change
      from cancelled group by ${shapeColumns()}`,
  );
}

/** The statuses that a cancellation covers. */
function statusesOf({ statuses = [] }: DeploymentFilter): readonly DeploymentStatus[] {
  return CANCELLABLE_STATUSES.filter((status) => statuses.length === 0 || statuses.includes(status));
}

/** The conditions of a filter beside the cluster and the statuses. */
function otherConditions(filter: DeploymentFilter): Fragment {
  return filterCondition({ ...filter, clusterId: undefined, statuses: undefined });
}
