import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { ClusterLookup, type KnownCluster } from '#clusters';
import {
  Database,
  type EntityManager,
  type Fragment,
  preferIndexes,
  rowsOf,
  selectShape,
  shapeColumns,
  sql,
} from '#database';
import { type ClusterRef, ClusterSignals, Nudges, type ShapeChange } from '#queue';
import { type Actor, auditedBy, isOwnOrAdmin } from '#rbac';

import { CANCELLED_ALREADY, cancelling } from './cancelling.js';
import { DEPLOYMENT_STATUSES, type DeploymentStatus } from '../states/deployment-status.js';
import { CANCELLABLE_STATUSES } from '../states/transitions.js';
import { type DeploymentFilter, filterCondition } from '../filter/deployment-filter.js';
import { type FilterInput, toFilter } from '../filter/filter-fields.js';

/** What became of a cancellation in bulk. */
export interface BulkCancellation {
  /** How many deployments met the filter, could be cancelled, and were the actor's to cancel, when it began. */
  readonly matched: number;
  /** How many more met the filter, but are somebody else's. */
  readonly notOwned: number;
  /** How many were cancelled; none by a dry run. */
  readonly cancelled: number;
  /** How many of them run still, and have been asked to stop. */
  readonly stopping: number;
  /** Some of those that a dry run counted; none otherwise. */
  readonly sample: readonly string[];
}

/** The most ids that a dry run shows. */
export const MAX_SAMPLE = 10;

/** The most deployments that one transaction cancels, so that nobody waits long for what it locks. */
const CANCEL_AT_ONCE = 2_000;

/** The most deployments that are looked up at once. */
const FOUND_AT_ONCE = 100_000;

/** Whoever goes through a long queue may take so long; a step of the cancellation itself has the usual time. */
const SEARCH_TIMEOUT_MS = 30_000;

/** How often, and after which pause, what others held is tried again. */
const TRIES = 100;
const PAUSE_MS = 50;

interface Target extends ClusterRef {
  readonly actor: Actor;
  readonly cluster: KnownCluster;
  /** As it was asked for, for the audit log. */
  readonly asked: FilterInput;
  readonly filter: DeploymentFilter;
}

interface Meant extends Pick<BulkCancellation, 'matched' | 'notOwned'> {
  /** When the newest of those that matched was queued: what is submitted later is not meant. Not the time of now, which may go back. */
  readonly until: string | null;
}

/** Cancels whatever meets a filter, in steps of a small transaction each. */
@Injectable()
export class BulkCancellationsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Cancels the deployments of a cluster that meet a filter, or only counts them. When it is interrupted, what was cancelled stays so, and
   * the same again goes on from there.
   *
   * No step waits for a row that somebody else holds: it takes what is free, and comes back for the rest. So it can never be one of two
   * that wait for each other, in whatever order passes and reports lock the same rows.
   *
   * The audit log has one entry of it, with the filter and how many it meant, from the moment in which the first of them is cancelled. What
   * became of each is told by its events.
   *
   * @throws CLUSTERS.NOT_FOUND
   */
  async cancelAll(
    actor: Actor,
    { organizationId, clusterId }: ClusterRef,
    asked: FilterInput,
    isDryRun: boolean,
  ): Promise<BulkCancellation> {
    const cluster = await this.clusters.read(actor, organizationId, clusterId);
    const target = { organizationId, clusterId, actor, cluster, asked, filter: toFilter(asked) };
    const { matched, notOwned, until } = await this.count(target);
    if (until === null) return { matched, notOwned, ...NOTHING, sample: [] };
    if (isDryRun) return { matched, notOwned, ...NOTHING, sample: await this.find(target, until, MAX_SAMPLE) };
    return { matched, notOwned, ...(await this.cancelInSteps(target, { matched, notOwned, until })), sample: [] };
  }

  private async cancelInSteps(target: Target, meant: Meant & { until: string }): Promise<Done> {
    let done = NOTHING;
    for (let tries = 0; tries < TRIES;) {
      const ids = await this.find(target, meant.until, FOUND_AT_ONCE);
      let now = NOTHING;
      for (let from = 0; from < ids.length; from += CANCEL_AT_ONCE) {
        const isFirst = done.cancelled + now.cancelled === 0;
        now = plus(now, await this.cancelSome(target, ids.slice(from, from + CANCEL_AT_ONCE), isFirst ? meant : null));
      }
      done = plus(done, now);
      if (now.cancelled === ids.length && ids.length < FOUND_AT_ONCE) return done;
      if (now.cancelled > 0) continue;
      // All that is left is held by others, who mostly end or place it: look again when they may be done.
      tries += 1;
      await sleep(PAUSE_MS);
    }
    return done;
  }

  private async count(target: Target): Promise<Meant> {
    const [row] = await this.search(
      sql<Meant>`
        select count(*) filter (where is_own)::float8 as matched, count(*) filter (where not is_own)::float8 as "notOwned",
               max(queued_at) filter (where is_own)::text as until
        from (${meant(target)}) meant`,
    );
    return row ?? { matched: 0, notOwned: 0, until: null };
  }

  private async find(target: Target, until: string, limit: number): Promise<string[]> {
    const rows = await this.search(
      sql<{ id: string }>`
        select id from (${meant(target)}) meant
        where is_own and queued_at <= ${until}::timestamptz limit ${limit}`,
    );
    return rows.map(({ id }) => id);
  }

  private async search<Row>(statement: Parameters<typeof rowsOf<Row>>[1]): Promise<Row[]> {
    return this.database.transaction((tx) => rowsOf(tx, statement), { statementTimeoutMs: SEARCH_TIMEOUT_MS });
  }

  /** @param unrecorded what was meant, as long as the audit log does not know of it */
  private async cancelSome(target: Target, ids: readonly string[], unrecorded: Meant | null): Promise<Done> {
    const { organizationId, clusterId } = target;
    const rows = await this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      const cancelled = await cancelThose(tx, target, ids);
      const left = cancelled.filter(({ change }) => change !== 0);
      if (cancelled.length === 0) return cancelled;
      await this.signals.announce(tx, { organizationId, clusterId }, 'cancelled', left);
      if (unrecorded !== null) await this.record(tx, target, unrecorded);
      return cancelled;
    });
    if (rows.length > 0) this.nudges.nudge(clusterId);
    return rows.reduce(plus, NOTHING);
  }

  private async record(tx: EntityManager, { actor, cluster, asked }: Target, { matched }: Meant): Promise<void> {
    await this.audit.record(tx, {
      organizationId: cluster.organizationId,
      ...auditedBy(actor),
      action: 'deployments_cancel',
      target: { kind: 'cluster', id: cluster.id, name: cluster.name },
      after: { filter: asked, matched },
    });
  }
}

/** As much as has been done. */
type Done = Pick<BulkCancellation, 'cancelled' | 'stopping'>;

const NOTHING: Done = { cancelled: 0, stopping: 0 };

function plus(one: Done, other: Done): Done {
  return { cancelled: one.cancelled + other.cancelled, stopping: one.stopping + other.stopping };
}

/** The statuses that a cancellation means. */
function statusesOf({ statuses = [] }: DeploymentFilter): readonly DeploymentStatus[] {
  return statuses.length === 0
    ? CANCELLABLE_STATUSES
    : CANCELLABLE_STATUSES.filter((status) => statuses.includes(status));
}

/** What a filter says beside the cluster and the statuses, which are said otherwise here. */
function otherConditions(filter: DeploymentFilter): Fragment {
  return filterCondition({ ...filter, clusterId: undefined, statuses: undefined });
}

/** Deployments that a cancellation means, whoever submitted them. Each status for itself: each has a partial index that begins with the cluster. */
function meant({ organizationId, clusterId, actor, filter }: Target): Fragment {
  const statuses = statusesOf(filter);
  if (statuses.length === 0) return sql`select null::uuid as id, now() as queued_at, false as is_own where false`;
  return sql.join(
    statuses.map(
      (status) => sql`
        select d.id, d.queued_at, ${isOwnOrAdmin(actor, '')} or d.submitted_by = ${actor.id} as is_own from deployments d
        where d.organization_id = ${organizationId} and d.cluster_id = ${clusterId} and d.status = ${status}
          ${status === 'stopping' ? sql`and not (${CANCELLED_ALREADY})` : sql``} ${otherConditions(filter)}`,
    ),
    sql` union all `,
  );
}

interface CancelledRow extends ShapeChange, Done {}

/**
 * Cancels what still meets the filter and is held by nobody. The statuses are said by those that are not meant: with one that is,
 * PostgreSQL might begin with its partial index, and not with the ids.
 *
 * @returns by shape, how many, how many of them stop, and how many fewer wait (negative)
 */
async function cancelThose(
  tx: EntityManager,
  { organizationId, clusterId, actor, filter }: Target,
  ids: readonly string[],
): Promise<CancelledRow[]> {
  const statuses = statusesOf(filter);
  const notMeant = DEPLOYMENT_STATUSES.filter((status) => !statuses.includes(status));
  return rowsOf(
    tx,
    sql<CancelledRow>`
      with wanted as materialized (
        select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as wanted (id)
      ), chosen as materialized (
        select d.organization_id, d.id, d.status, d.stop_report
        from wanted join deployments d on d.organization_id = wanted.organization_id and d.id = wanted.id
        where d.status <> all(${notMeant}::text[]) and not (${CANCELLED_ALREADY}) ${otherConditions(filter)}
        for no key update of d skip locked
      ), ${cancelling(actor, { organizationId, clusterId })}
      select ${selectShape()}, count(*)::int as cancelled,
             (count(*) filter (where status = 'stopping'))::int as stopping,
             -(count(*) filter (where from_status = 'queued'))::int as change
      from cancelled group by ${shapeColumns()}`,
  );
}
