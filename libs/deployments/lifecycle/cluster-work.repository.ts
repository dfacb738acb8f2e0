import { Injectable } from '@nestjs/common';

import { type ShapeKey } from '#kernel';
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

import { type AllocatedGroup, type WaitingDeployment } from './lifecycle.repository.js';
import { type DeploymentStatus, HOLDING_STATUSES } from '../states/deployment-status.js';

/** A deployment as those see it who ask what would be. */
export interface WorkingDeployment extends ShapeKey {
  readonly id: string;
  readonly name: string;
  readonly status: DeploymentStatus;
  readonly queuedAtMs: number;
  /** When its declared runtime is over; null: not declared, or nothing runs. */
  readonly endsAtMs: number | null;
}

/** A deployment that holds resources and may be given up for others, or has been, and stops. */
export interface RunningDeployment extends AllocatedGroup {
  readonly id: string;
  readonly version: number;
  /** When it was scheduled. */
  readonly sinceMs: number;
  /** How often it has been preempted already. */
  readonly preemptions: number;
  /** Whether a runtime has reported its start: then it may need time to stop. */
  readonly hasStarted: boolean;
  /** It was preempted, and stops. */
  readonly isTerminating: boolean;
  /** As whom it waits again when it has stopped; null: it does not stop, or has been cancelled meanwhile. */
  readonly requeuedAs: (WaitingDeployment & { readonly maxRuntimeSeconds: number | null }) | null;
}

/** What must be true of whoever is given up, beside that it is marked and that its priority is lower. */
export interface PreemptionCriteria {
  /** It has been preempted less often. */
  readonly maxPreemptions: number;
  /** It was scheduled before. */
  readonly scheduledBeforeMs: number;
}

/** A deployment's id and name. */
export interface NamedDeployment {
  readonly id: string;
  readonly name: string;
}

/** Written out, so that the partial indexes of what holds resources serve whatever the statistics say. */
const HOLDS = sql.raw(`d.status in (${HOLDING_STATUSES.map((status) => `'${status}'`).join(', ')})`);

const AGE = sql`floor(extract(epoch from d.queued_at) * 1000)::float8`;
const END = sql`ceil(extract(epoch from d.due_at) * 1000)::float8`;

/** Its time has not come: neither that of its runtime nor that of its grace. */
const STAYS = sql`(d.due_at is null or d.due_at > statement_timestamp())`;

/** Of what is in a cluster: marked for giving way, and neither over nor asked to stop. The index of such leads to it. */
function marked(clusterId: string): Fragment {
  return sql`d.cluster_id = ${clusterId} and d.is_preemptible and d.status in ('scheduled', 'running') and ${STAYS}`;
}

/** Those of whom something is true, in groups of what differs in nothing that is told of it. */
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

/** As a time of its own, so that what is compared with it is a condition of an index. */
function latest({ scheduledBeforeMs }: PreemptionCriteria): Fragment {
  return sql`to_timestamp(${scheduledBeforeMs}::float8 / 1000)`;
}

/** As an expression, of which there are no statistics: where they said that next to nobody does, all that runs would be read and sorted. */
function yieldsAgain({ maxPreemptions }: PreemptionCriteria): Fragment {
  return sql`(d.preemptions + 0 < ${maxPreemptions}::int)`;
}

/** What there is to know of one that may be given up. */
const SINGLE = sql`d.id, d.version, d.priority, ${selectAmounts('d')}, ${END} as "endsAtMs", 1 as count,
  floor(extract(epoch from d.scheduled_at) * 1000)::float8 as "sinceMs", d.preemptions,
  d.status <> 'scheduled' as "hasStarted"`;

/** As whom one that stops waits again, if it does. */
const RETURNING = sql`case when d.stop_outcome = 'queued' then jsonb_build_object(
  'id', d.id, 'queuedAtMs', ${AGE}, 'maxRuntimeSeconds', nullif(d.max_runtime_seconds, 0)) end`;

/** Shapes as a table `wanted`, with their positions from 1. */
function wanted(shapes: readonly ShapeKey[]): Fragment {
  return sql`unnest(${shapeArrays(shapes)}) with ordinality as wanted (${shapeColumns()}, position)`;
}

/** The condition that `deployments d` waits in a cluster and is of the shape `wanted`. */
function waitingAs(clusterId: string): Fragment {
  return sql`d.cluster_id = ${clusterId} and d.status = 'queued' and ${sameShape('d', 'wanted')}`;
}

/**
 * Who waits and who runs in a cluster, for passes and for those who explain them: always by an index, and never more than was asked for.
 * Whoever asks for somebody has made sure that the reader may see the cluster.
 */
@Injectable()
export class ClusterWork {
  /** The oldest of each shape, so many at most, oldest first; by the position of the shape. */
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

  /** How many of each shape are older than a deployment, counted up to a limit; by the position of the shape. */
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
   * What holds resources in a cluster, in groups of the same priority, request and end. As a pass would leave it: without what is due to end
   * already, but with what runs and is granted so many seconds to stop; null: as it stands.
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

  /**
   * Who may be given up for a priority: those that are marked for it, keep the terms, and hold resources with a lower one, from the lowest
   * priority, the youngest first, so that least is lost, at most `limit`; of each lower priority the one beside them that was scheduled
   * too late, and will be the next to have run for long enough; and all who have been preempted and still stop, those that are due to
   * have stopped only if that counts. With a limit of 0 those alone.
   *
   * Its cost follows them and what has been preempted too often, and nothing else that runs: the orders lead to the indexes that have them,
   * whatever the statistics say.
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

  /** Who is marked for giving way and does not keep the terms, from the lowest priority, the youngest first, at most `limit`. */
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

  /** All who are marked for giving way, in groups like those of {@link allocatedGroups}. */
  async preemptibleGroups(em: EntityManager, clusterId: string): Promise<AllocatedGroup[]> {
    return grouped(em, marked(clusterId));
  }

  /** Some that are in a group, at most its count: the first by id, without those that are told apart from it. */
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

  /** Those of a list that are in the cluster. */
  async find(
    em: EntityManager,
    { organizationId, clusterId }: { readonly organizationId: string; readonly clusterId: string },
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
