import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, type ShapeKey } from '#kernel';
import {
  amountColumns,
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
import { type ClusterRef } from '#queue';

import { imageNameOf } from '../fields/image-reference.js';
import { type AllocatedGroup, type WaitingDeployment } from './lifecycle.repository.js';
import { type DeploymentStatus, HOLDING_STATUSES } from '../states/deployment-status.js';

/** A deployment as explanations and what-if questions need it. */
export interface WorkingDeployment extends ShapeKey {
  readonly id: string;
  readonly name: string;
  readonly status: DeploymentStatus;
  readonly queuedAtMs: number;
  /** When its declared runtime is over; null: not declared, or it holds no resources. */
  readonly endsAtMs: number | null;
}

/** A deployment that holds resources and declares no runtime. */
export interface UndeclaredRun extends ResourceAmounts {
  readonly id: string;
  readonly priority: number;
  readonly attempt: number;
  /** When it was scheduled. */
  readonly sinceMs: number;
}

/** A deployment that holds resources and can be preempted, or was preempted and is stopping. */
export interface RunningDeployment extends AllocatedGroup {
  readonly id: string;
  readonly version: number;
  /** When it was scheduled. */
  readonly sinceMs: number;
  /** How often it has been preempted already. */
  readonly preemptions: number;
  /** Whether a runtime has reported its start: then it may need a grace. */
  readonly hasStarted: boolean;
  /** It was preempted, and is stopping. */
  readonly isTerminating: boolean;
  /** The queue entry a stopping deployment becomes when it is requeued; null if it ends, or is not stopping. */
  readonly requeuedAs: (WaitingDeployment & { readonly maxRuntimeSeconds: number | null }) | null;
}

/** Conditions of preemption beside `preemptible` and a lower priority. */
export interface PreemptionCriteria {
  /** Preempted less often than this. */
  readonly maxPreemptions: number;
  /** Scheduled before this time. */
  readonly scheduledBeforeMs: number;
}

/** A deployment as runs are known by: of which member and image, with which request and declared runtime. */
export interface KnownRun extends ShapeKey {
  readonly id: string;
  readonly memberId: string;
  /** In normal form, without tag and digest. */
  readonly image: string;
}

/** A run that holds resources. */
export interface HoldingRun extends KnownRun {
  readonly sinceMs: number;
  readonly endsAtMs: number | null;
}

/** A deployment's id and name. */
export interface NamedDeployment {
  readonly id: string;
  readonly name: string;
}

/** Written out as literals: the planner then uses the partial index on these statuses, whatever the statistics say. */
const HOLDS = sql.raw(`d.status in (${HOLDING_STATUSES.map((status) => `'${status}'`).join(', ')})`);

const AGE = sql`floor(extract(epoch from d.queued_at) * 1000)::float8`;
const END = sql`ceil(extract(epoch from d.due_at) * 1000)::float8`;

/** The columns of a {@link KnownRun}. */
const RUN = sql`d.id, ${selectShape('d')}, d.submitted_by as "memberId", d.image`;

/** Neither its runtime nor its grace is over. */
const STAYS = sql`(d.due_at is null or d.due_at > statement_timestamp())`;

/** Preemptible deployments of a cluster that hold resources and are neither over nor stopping. They have an index. */
function marked(clusterId: string): Fragment {
  return sql`d.cluster_id = ${clusterId} and d.is_preemptible and d.status in ('scheduled', 'running') and ${STAYS}`;
}

/** Deployments that match `condition`, grouped by priority, request and end time. */
function grouped(em: EntityManager, condition: Fragment): Promise<AllocatedGroup[]> {
  return rowsOf(
    em,
    sql<AllocatedGroup>`
      select d.priority, ${selectAmounts('d')}, ${END} as "endsAtMs", count(*)::int as count
      from deployments d
      where ${condition}
      group by d.priority, ${amountColumns('d')}, ${END}`,
  );
}

/** A constant of type timestamptz, so that the comparison is an index condition. */
function latest({ scheduledBeforeMs }: PreemptionCriteria): Fragment {
  return sql`to_timestamp(${scheduledBeforeMs}::float8 / 1000)`;
}

/** An expression, which has no statistics: statistics of few matches would make PostgreSQL read and sort everything that runs. */
function yieldsAgain({ maxPreemptions }: PreemptionCriteria): Fragment {
  return sql`(d.preemptions + 0 < ${maxPreemptions}::int)`;
}

/** The columns of a {@link RunningDeployment}. */
const SINGLE = sql`d.id, d.version, d.priority, ${selectAmounts('d')}, ${END} as "endsAtMs", 1 as count,
  floor(extract(epoch from d.scheduled_at) * 1000)::float8 as "sinceMs", d.preemptions,
  d.status <> 'scheduled' as "hasStarted"`;

/** The queue entry a stopping deployment becomes when it is requeued; null if it ends. */
const RETURNING = sql`case when d.stop_outcome = 'queued' then jsonb_build_object(
  'id', d.id, 'queuedAtMs', ${AGE}, 'maxRuntimeSeconds', nullif(d.max_runtime_seconds, 0)) end`;

/** Shapes as a table `wanted`, with their positions from 1. */
function wanted(shapes: readonly ShapeKey[]): Fragment {
  return sql`unnest(${shapeArrays(shapes)}) with ordinality as wanted (${shapeColumns()}, position)`;
}

/** The condition that `deployments d` is queued in a cluster and has the shape `wanted`. */
function waitingAs(clusterId: string): Fragment {
  return sql`d.cluster_id = ${clusterId} and d.status = 'queued' and ${sameShape('d', 'wanted')}`;
}

/**
 * Reads what is queued and what runs in a cluster, for passes and explanations: always by an index, with limits. Callers check that the
 * reader may see the cluster.
 */
@Injectable()
export class ClusterWork {
  /** The oldest deployments of each shape, at most `limit`, oldest first; by the position of the shape. */
  async oldestOf(
    em: EntityManager,
    clusterId: string,
    shapes: readonly ShapeKey[],
    limit: number,
  ): Promise<readonly (readonly WaitingDeployment[])[]> {
    const rows = await rowsOf(
      em,
      sql<{ position: number; ids: string[]; ages: number[] }>`
        select wanted.position::int - 1 as position, heads.ids, heads.ages
        from ${wanted(shapes)}
        cross join lateral (
          select array_agg(first.id) as ids, array_agg(first.age) as ages
          from (
            select d.id, ${AGE} as age from deployments d
            where ${waitingAs(clusterId)}
            order by d.queued_at, d.id
            limit ${limit}
          ) first
          having count(*) > 0
        ) heads`,
    );
    const heads: (readonly WaitingDeployment[])[] = shapes.map(() => []);
    for (const { position, ids, ages } of rows) {
      heads[position] = ids.map((id, index) => ({ id, queuedAtMs: ages[index] ?? 0 }));
    }
    return heads;
  }

  /** The number of deployments of each shape that are older than a deployment, counted up to a limit; by the position of the shape. */
  async countOlder(
    em: EntityManager,
    clusterId: string,
    shapes: readonly ShapeKey[],
    { organizationId, id }: { readonly organizationId: string; readonly id: string },
    limit: number,
  ): Promise<readonly number[]> {
    const rows = await rowsOf(
      em,
      sql<{ position: number; older: number }>`
        select wanted.position::int - 1 as position, older.count as older
        from ${wanted(shapes)}
        cross join (
          select queued_at, id from deployments where organization_id = ${organizationId} and id = ${id}
        ) own
        cross join lateral (
          select count(*)::int as count from (
            select 1 from deployments d
            where ${waitingAs(clusterId)} and (d.queued_at, d.id) < (own.queued_at, own.id)
            limit ${limit}
          ) counted
        ) older
        order by 1`,
    );
    return rows.map(({ older }) => older);
  }

  /**
   * Deployments of a cluster that hold resources, in groups of the same priority, request and end. With `settledWith`, the grace in seconds,
   * as a pass would leave them: without those that are due to end, unless they run and have a grace. null: as they are.
   */
  async allocatedGroups(
    em: EntityManager,
    clusterId: string,
    { settledWith }: { readonly settledWith: number | null },
  ): Promise<AllocatedGroup[]> {
    const settled =
      settledWith === null ? sql`` : sql`and (${STAYS} or (d.status = 'running' and ${settledWith}::int > 0))`;
    return grouped(em, sql`d.cluster_id = ${clusterId} and ${HOLDS} ${settled}`);
  }

  /** Deployments of a cluster that hold resources and declare no runtime, at most `limit`, those that run longest first. */
  async undeclaredRuns(em: EntityManager, clusterId: string, limit: number): Promise<UndeclaredRun[]> {
    return rowsOf(
      em,
      sql<UndeclaredRun>`
        select d.id, d.attempt, d.priority, ${selectAmounts('d')},
               floor(extract(epoch from d.scheduled_at) * 1000)::float8 as "sinceMs"
        from deployments d
        where d.cluster_id = ${clusterId} and ${HOLDS} and d.due_at is null
        order by d.scheduled_at, d.id
        limit ${limit}`,
    );
  }

  /**
   * Deployments that may be preempted for a priority, in three parts. First, at most `limit` that are preemptible, meet the criteria and have
   * a lower priority: from the lowest priority, the youngest first, so that the least work is lost. Second, of each lower priority the next
   * one that will have run for long enough. Third, all that were preempted and are still stopping; those whose grace is over only with
   * `countsOverdue`. With a limit of 0 the third part alone.
   *
   * The cost follows these deployments and those that were preempted too often: the sort orders lead to their indexes, whatever the
   * statistics say.
   */
  async preemptionCandidates(
    em: EntityManager,
    clusterId: string,
    {
      below,
      terms,
      limit,
      countsOverdue,
    }: {
      readonly below: number;
      readonly terms: PreemptionCriteria;
      readonly limit: number;
      readonly countsOverdue: boolean;
    },
  ): Promise<RunningDeployment[]> {
    return rowsOf(
      em,
      sql<RunningDeployment>`
        (select ${SINGLE}, false as "isTerminating", null::jsonb as "requeuedAs" from deployments d
         where ${marked(clusterId)} and d.priority < ${below} and d.scheduled_at < ${latest(terms)}
           and ${yieldsAgain(terms)}
         order by d.priority, d.scheduled_at desc, d.id limit ${limit})
        union all
        (select next.* from generate_series(0, ${limit === 0 ? -1 : below - 1}::int) as level
         cross join lateral (
           select ${SINGLE}, false, null::jsonb from deployments d
           where ${marked(clusterId)} and d.priority = level::smallint and d.scheduled_at >= ${latest(terms)}
             and ${yieldsAgain(terms)}
           order by d.scheduled_at, d.id desc limit 1
         ) next)
        union all
        (select ${SINGLE}, true, ${RETURNING} from deployments d
         where d.cluster_id = ${clusterId} and d.status = 'stopping' and d.stop_cause = 'preempted'
           ${countsOverdue ? sql`` : sql`and ${STAYS}`}
         order by d.id)`,
    );
  }

  /** Preemptible deployments that do not meet the criteria, from the lowest priority, the youngest first, at most `limit`. */
  async ineligibleForPreemption(
    em: EntityManager,
    clusterId: string,
    terms: PreemptionCriteria,
    limit: number,
  ): Promise<RunningDeployment[]> {
    return rowsOf(
      em,
      sql<RunningDeployment>`
        select ${SINGLE}, false as "isTerminating", null::jsonb as "requeuedAs" from deployments d
        where ${marked(clusterId)} and (d.scheduled_at >= ${latest(terms)} or not ${yieldsAgain(terms)})
        order by d.priority, d.scheduled_at desc, d.id limit ${limit}`,
    );
  }

  /** All preemptible deployments that hold resources, in groups like those of {@link allocatedGroups}. */
  async preemptibleGroups(em: EntityManager, clusterId: string): Promise<AllocatedGroup[]> {
    return grouped(em, marked(clusterId));
  }

  /** Members of a group, at most its count: the first by id, without those in `apart`. */
  async membersOf(
    em: EntityManager,
    clusterId: string,
    group: AllocatedGroup,
    apart: readonly string[],
  ): Promise<NamedDeployment[]> {
    return rowsOf(
      em,
      sql<NamedDeployment>`
        select d.id, d.name from deployments d
        where d.cluster_id = ${clusterId} and d.status = any(${[...HOLDING_STATUSES]}) and d.priority = ${group.priority}
          and d.cpu_millis = ${group.cpuMillis} and d.memory_mib = ${group.memoryMib} and d.gpu_millis = ${group.gpuMillis}
          and ${END} is not distinct from ${group.endsAtMs}::float8
          and d.id <> all(${[...apart]}::uuid[])
        order by d.id limit ${group.count}`,
    );
  }

  /** What holds resources in a cluster, one by one, at most `limit`. */
  async runsThatHold(
    em: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    limit: number,
  ): Promise<HoldingRun[]> {
    const rows = await rowsOf(
      em,
      sql<HoldingRun>`
        select ${RUN}, floor(extract(epoch from d.scheduled_at) * 1000)::float8 as "sinceMs", ${END} as "endsAtMs"
        from deployments d where d.organization_id = ${organizationId} and d.cluster_id = ${clusterId} and ${HOLDS} limit ${limit}`,
    );
    return rows.map((row) => ({ ...row, image: imageNameOf(row.image) }));
  }

  /** The deployments of a list of ids, as runs are known by. */
  async runsOf(
    em: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    ids: readonly string[],
  ): Promise<KnownRun[]> {
    if (ids.length === 0) return [];
    const rows = await rowsOf(
      em,
      sql<KnownRun>`
        select ${RUN} from deployments d
        where d.organization_id = ${organizationId} and d.cluster_id = ${clusterId} and d.id = any(${[...ids]}::uuid[])`,
    );
    return rows.map((row) => ({ ...row, image: imageNameOf(row.image) }));
  }

  /** The deployments of a list of ids that are in the cluster. */
  async find(
    em: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, WorkingDeployment>> {
    if (ids.length === 0) return new Map();
    const rows = await rowsOf(
      em,
      sql<WorkingDeployment>`
        select d.id, d.name, d.status, ${selectShape('d')}, ${AGE} as "queuedAtMs",
               case when d.status = any(${[...HOLDING_STATUSES]}) then ${END} end as "endsAtMs"
        from deployments d
        where d.organization_id = ${organizationId} and d.cluster_id = ${clusterId} and d.id = any(${[...ids]}::uuid[])`,
    );
    return new Map(rows.map((row) => [row.id, row]));
  }
}
