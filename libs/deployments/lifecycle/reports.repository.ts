import { visibleClusters } from '#clusters';
import { changesOf, type EntityManager, exactlyOne, type Fragment, rowsOf, sql } from '#database';
import { byteChange } from '#organizations';
import { type Actor } from '#rbac';

import { type DeploymentRef } from '../deployment-param.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { DEPLOYMENT_STATUSES, isHolding } from '../states/deployment-status.js';
import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';
import { type EndingReport, type ReportedDeployment } from './reports.js';

/** Where the reported deployments must be. */
export interface ReportScope {
  readonly organizationId: string;
  /** null: in any cluster of the organization */
  readonly clusterId: string | null;
}

/**
 * How long after a failure the next attempt is queued: a second, then twice as long each time, at most five minutes. SQL over the
 * deployment's row: the clock is the database's.
 */
const RETRY_DELAY = sql`least(power(2, retries), 300) * interval '1 second'`;

/**
 * Statements exclude these statuses instead of naming the others: with those, PostgreSQL might begin with the partial index that has them,
 * and not with the reported ids.
 */
const NOT_HOLDING = DEPLOYMENT_STATUSES.filter((status) => !isHolding(status));

/**
 * The reported deployments, those that hold resources locked in the order of their ids: two batches cannot wait for each other. The others
 * are only read, since no report changes them: a pass that places many of them must not wait for this batch, either.
 */
export async function findReported(
  tx: EntityManager,
  actor: Actor,
  scope: ReportScope,
  ids: readonly string[],
): Promise<Map<string, ReportedDeployment>> {
  const lock = sql`where d.status <> all(${NOT_HOLDING}) order by d.id for no key update of d`;
  const locked = await read(tx, actor, scope, ids, lock);
  const found = new Set(locked.map(({ id }) => id));
  const missing = ids.filter((id) => !found.has(id));
  const others = missing.length === 0 ? [] : await read(tx, actor, scope, missing, sql``);
  // Deployments that hold resources only now were queued a moment ago, when this report came.
  const judged = others.map((row) => (isHolding(row.status) ? { ...row, status: 'queued' as const } : row));
  return new Map([...locked, ...judged].map((row) => [row.id, row]));
}

async function read(
  tx: EntityManager,
  actor: Actor,
  { organizationId, clusterId }: ReportScope,
  ids: readonly string[],
  which: Fragment,
): Promise<ReportedDeployment[]> {
  const rows = await rowsOf(
    tx,
    sql<ReportedDeployment & { isVisible: boolean }>`
      with wanted as materialized (
        select distinct ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as wanted (id)
      )
      select d.id, d.cluster_id as "clusterId", d.status, d.attempt, d.max_retries as "maxRetries", d.retries,
             d.submitted_by as "submittedBy", d.stored_bytes::float8 as "storedBytes", d.stop_outcome as "stopOutcome", d.stop_report as "stopReport",
             ${visibleClusters(actor, organizationId, 'd.cluster_id')} as "isVisible"
      from wanted join deployments d on d.organization_id = wanted.organization_id and d.id = wanted.id
      ${which}`,
  );
  // The cluster is compared here: in the statement it would be a constant, with which PostgreSQL might begin.
  return rows.filter((row) => row.isVisible && (clusterId === null || row.clusterId === clusterId));
}

/** Applies reports to rows that are locked and still have the status that each report was judged by. */
export async function endReported(
  tx: EntityManager,
  actor: Actor,
  organizationId: string,
  reports: readonly EndingReport[],
): Promise<void> {
  await changesOf(
    tx,
    sql`
      with reported as materialized (
        select ${organizationId}::uuid as organization_id, *
        from unnest(${reports.map(({ id }) => id)}::uuid[], ${reports.map(({ from }) => from)}::text[],
                    ${reports.map(({ transition }) => transition.to)}::text[],
                    ${reports.map(({ transition }) => transition.cause)}::text[],
                    ${reports.map(({ stopReport }) => stopReport)}::text[],
                    ${reports.map(({ message }) => message)}::text[],
                    ${reports.map(({ storedBytes }) => storedBytes)}::bigint[])
          as reported (id, from_status, to_status, cause, stop_report, message, bytes_before)
      ), ended as (
        update deployments d
        set status = to_status, version = version + 1, message = reported.message, stop_report = reported.stop_report,
            retries = retries + (to_status = 'retrying')::int,
            ended_at = case when to_status not in ('retrying', 'stopping')
                         then greatest(statement_timestamp(), scheduled_at, started_at) end,
            due_at = case to_status when 'retrying' then statement_timestamp() + ${RETRY_DELAY}
                       when 'stopping' then statement_timestamp() end
        from reported
        where d.organization_id = reported.organization_id and d.id = reported.id
        returning d.*, reported.from_status, reported.cause, d.stored_bytes - bytes_before as more_bytes
      ), bytes as (
        ${byteChange(organizationId, sql`sum(more_bytes)`, sql`ended`)}
      )
      ${eventsOf('ended', {
        from_status: sql`from_status`,
        cause: sql`cause`,
        actor_id: sql`${actor.id}::uuid`,
        at: sql`coalesce(ended_at, statement_timestamp())`,
      })}`,
  );
}

/** Marks a locked deployment as started. */
export async function startReported(
  tx: EntityManager,
  actor: Actor,
  { organizationId, deploymentId }: DeploymentRef,
): Promise<DeploymentView> {
  const rows = await rowsOf(
    tx,
    sql<DeploymentRow>`
      with d as (
        update deployments set status = ${TRANSITIONS.start.to}, version = version + 1,
                               started_at = greatest(statement_timestamp(), scheduled_at)
        where organization_id = ${organizationId} and id = ${deploymentId}
        returning *
      ), events as (
        ${eventsOf('d', { ...causedBy(TRANSITIONS.start), actor_id: sql`${actor.id}::uuid`, at: sql`started_at` })}
      )
      select ${DEPLOYMENT_COLUMNS} from d`,
  );
  return viewOf(exactlyOne(rows));
}
