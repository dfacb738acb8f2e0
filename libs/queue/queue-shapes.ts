import { Injectable } from '@nestjs/common';

import { type ResourceAmounts } from '#kernel';
import { changesOf, type EntityManager, type Fragment, rowsOf, sql } from '#database';

/** Which cluster. */
export interface ClusterRef {
  readonly organizationId: string;
  readonly clusterId: string;
}

/** So many deployments of one shape came to a queue (positive) or left it other than by being placed (negative). */
export interface ShapeChange {
  readonly priority: number;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
  /** 0: not declared */
  readonly maxRuntimeSeconds: number;
  readonly change: number;
}

/** How many deployments of one shape wait. */
export interface QueuedShape extends ResourceAmounts {
  readonly priority: number;
  /** 0: not declared */
  readonly maxRuntimeSeconds: number;
  readonly waiting: number;
}

/**
 * The queue of a cluster as counts of shapes, kept by passes under the cluster's row lock.
 *
 * Reading it costs the number of distinct shapes, whether a thousand deployments wait or a million.
 */
@Injectable()
export class QueueShapes {
  /** Adds changes to the counts. Several changes of one shape may be given. */
  async apply(
    tx: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    changes: readonly ShapeChange[],
  ): Promise<void> {
    if (changes.every(({ change }) => change === 0)) return;
    await changesOf(
      tx,
      sql`merge into queue_shapes as shape
          using (
            select priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, sum(change)::int as change
            from unnest(${changes.map((c) => c.priority)}::smallint[], ${changes.map((c) => c.cpuMillis)}::int[],
                        ${changes.map((c) => c.memoryMib)}::int[], ${changes.map((c) => c.gpuMillis)}::int[],
                        ${changes.map((c) => c.maxRuntimeSeconds)}::int[], ${changes.map((c) => c.change)}::int[])
              as changes (priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, change)
            group by 1, 2, 3, 4, 5
            having sum(change) <> 0
          ) as change
          on shape.cluster_id = ${clusterId} and shape.priority = change.priority
            and shape.cpu_millis = change.cpu_millis and shape.memory_mib = change.memory_mib
            and shape.gpu_millis = change.gpu_millis and shape.max_runtime_seconds = change.max_runtime_seconds
          when matched and shape.waiting + change.change = 0 then delete
          when matched then update set waiting = shape.waiting + change.change
          when not matched then
            insert (organization_id, cluster_id, priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, waiting)
            values (${organizationId}, ${clusterId}, change.priority, change.cpu_millis, change.memory_mib,
                    change.gpu_millis, change.max_runtime_seconds, change.change)`,
    );
  }

  /** All shapes that wait in a cluster; with what no pass has added to the counts yet, where signals count. */
  async read(
    tx: EntityManager,
    clusterId: string,
    { countsSignals }: { readonly countsSignals: boolean },
  ): Promise<QueuedShape[]> {
    return rowsOf(
      tx,
      sql<QueuedShape>`
        select priority, cpu_millis as "cpuMillis", memory_mib as "memoryMib", gpu_millis as "gpuMillis",
               max_runtime_seconds as "maxRuntimeSeconds", waiting
        from ${countsSignals ? withSignals(clusterId) : sql`queue_shapes where cluster_id = ${clusterId}`}`,
    );
  }
}

/** The shapes of a cluster as they are once its signals are taken. */
function withSignals(clusterId: string): Fragment {
  return sql`(
    select priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, sum(waiting)::int as waiting
    from (
      select priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, waiting
      from queue_shapes where cluster_id = ${clusterId}
      union all
      select priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, change
      from cluster_signals where cluster_id = ${clusterId} and change is not null
    ) parts
    group by 1, 2, 3, 4, 5 having sum(waiting) > 0
  ) counted order by 1 desc, 2, 3, 4, 5`;
}

/**
 * How many deployments wait in a cluster, as SQL for a select list: the counts of shapes and what no pass has added to them yet.
 * Exact at the moment of reading, and costs shapes, not rows.
 *
 * @param clusterId the column that holds the cluster's id, written by a developer
 */
export function queuedCount(clusterId: string): Fragment {
  return sql`(coalesce((select sum(shapes.waiting) from queue_shapes shapes where shapes.cluster_id = ${sql.ref(clusterId)}), 0)
    + coalesce((select sum(signals.change) from cluster_signals signals where signals.cluster_id = ${sql.ref(clusterId)}), 0))::float8`;
}
