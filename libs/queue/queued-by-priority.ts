import { type Fragment, sql } from '#database';

/** The number of queued deployments of one priority. */
export interface QueuedByPriority {
  readonly priority: number;
  readonly queued: number;
}

/**
 * The number of queued deployments of each priority of a cluster, highest first, as SQL for a select list: a JSON array of
 * {@link QueuedByPriority}. Exact at the moment of reading; the cost follows shapes, not rows.
 *
 * @param clusterId the column that holds the cluster's id, written by a developer
 */
export function queuedByPriority(clusterId: string): Fragment {
  return sql`(
    select coalesce(jsonb_agg(jsonb_build_object('priority', levels.priority, 'queued', levels.queued)
                              order by levels.priority desc), '[]')
    from (
      select priority, sum(waiting) as queued
      from (
        select shapes.priority, shapes.waiting from queue_shapes shapes where shapes.cluster_id = ${sql.ref(clusterId)}
        union all
        select signals.priority, signals.change from cluster_signals signals
        where signals.cluster_id = ${sql.ref(clusterId)} and signals.change <> 0
      ) counts
      group by priority having sum(waiting) <> 0
    ) levels)`;
}
