import { Injectable } from '@nestjs/common';

import { type ShapeKey } from '#kernel';
import {
  changesOf,
  type EntityManager,
  type Fragment,
  rowsOf,
  sameShape,
  selectShape,
  shapeArrays,
  shapeColumns,
  sql,
} from '#database';

/** A cluster of an organization. */
export interface ClusterRef {
  readonly organizationId: string;
  readonly clusterId: string;
}

/** By how many the deployments of one shape in a queue change, other than by placement: positive where they were added. */
export interface ShapeChange extends ShapeKey {
  readonly change: number;
}

/** The number of deployments of one shape in a queue. */
export interface QueuedShape extends ShapeKey {
  readonly waiting: number;
}

/**
 * The queue of a cluster as counts of shapes, kept by passes under the cluster's row lock. The cost of reading follows the distinct shapes,
 * not the deployments.
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
            select ${shapeColumns()}, sum(change)::int as change
            from unnest(${shapeArrays(changes)}, ${changes.map(({ change }) => change)}::int[])
              as changes (${shapeColumns()}, change)
            group by ${shapeColumns()}
            having sum(change) <> 0
          ) as change
          on shape.cluster_id = ${clusterId} and ${sameShape('shape', 'change')}
          when matched and shape.waiting + change.change = 0 then delete
          when matched then update set waiting = shape.waiting + change.change
          when not matched then
            insert (organization_id, cluster_id, ${shapeColumns()}, waiting)
            values (${organizationId}, ${clusterId}, ${shapeColumns('change')}, change.change)`,
    );
  }

  /** All shapes in a cluster's queue, including changes that no pass has taken, where signals count. */
  async read(
    tx: EntityManager,
    clusterId: string,
    { countsSignals }: { readonly countsSignals: boolean },
  ): Promise<QueuedShape[]> {
    return rowsOf(
      tx,
      sql<QueuedShape>`
        select ${selectShape()}, waiting from ${countsSignals ? withSignals(clusterId) : sql`queue_shapes where cluster_id = ${clusterId}`}`,
    );
  }
}

/** The shapes of a cluster as they will be when its signals are taken. */
function withSignals(clusterId: string): Fragment {
  return sql`(
    select ${shapeColumns()}, sum(waiting)::int as waiting
    from (
      select ${shapeColumns()}, waiting from queue_shapes where cluster_id = ${clusterId}
      union all
      select ${shapeColumns()}, change from cluster_signals where cluster_id = ${clusterId} and change is not null
    ) parts
    group by ${shapeColumns()} having sum(waiting) > 0
  ) counted order by priority desc, ${shapeColumns()}`;
}

/**
 * The number of queued deployments of a cluster, as SQL for a select list: the counts of shapes and the changes in signals. Exact at the
 * moment of reading; the cost follows shapes, not rows.
 *
 * @param clusterId the column that holds the cluster's id, written by a developer
 */
export function queuedCount(clusterId: string): Fragment {
  return sql`(coalesce((select sum(shapes.waiting) from queue_shapes shapes where shapes.cluster_id = ${sql.ref(clusterId)}), 0)
    + coalesce((select sum(signals.change) from cluster_signals signals where signals.cluster_id = ${sql.ref(clusterId)}), 0))::float8`;
}
