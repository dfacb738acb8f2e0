import { type EntityManager, rowsOf, sameShape, shapeColumns, sql } from '#database';
import { queuedByPriority, type QueuedByPriority } from '#queue';

import { type Exposition, type Sample } from './exposition.js';

/** The most clusters that a scrape lists one by one. Sums, and the number of unlisted ones, cover all clusters. */
export const MAX_LISTED_CLUSTERS = 1_000;

interface ClusterFigures {
  readonly organization: string;
  readonly cluster: string;
  readonly capacityCpu: number;
  readonly capacityMemory: number;
  readonly capacityGpu: number;
  readonly allocatedCpu: number;
  readonly allocatedMemory: number;
  readonly allocatedGpu: number;
  readonly byPriority: readonly QueuedByPriority[];
  readonly byBlocker: Readonly<Record<string, number>>;
  readonly unsettled: number;
  readonly stopping: number;
  readonly isPassWanted: number;
  readonly sincePass: number;
  readonly oldestWaiting: number | null;
  readonly gap: number | null;
  readonly utilizationGap: number | null;
}

/**
 * Capacity, allocations and queue of every cluster. The cost grows with shapes and clusters, not with the length of a queue.
 *
 * A shape's blocker is the first of these that applies: it exceeds the capacity, the cluster starts nothing, a resource is short, other
 * deployments come first. (`explanation` of a deployment has all of them, with numbers.) The oldest of each shape is found by the index that
 * passes use.
 */
export async function readClusters(tx: EntityManager): Promise<ClusterFigures[]> {
  return rowsOf(
    tx,
    sql<ClusterFigures>`
      select c.organization_id as organization, c.id as cluster,
             c.capacity_cpu_millis::float8 / 1000 as "capacityCpu", c.capacity_memory_mib::float8 as "capacityMemory",
             c.capacity_gpu_millis::float8 / 1000 as "capacityGpu",
             c.allocated_cpu_millis::float8 / 1000 as "allocatedCpu", c.allocated_memory_mib::float8 as "allocatedMemory",
             c.allocated_gpu_millis::float8 / 1000 as "allocatedGpu", ${queuedByPriority('c.id')} as "byPriority",
             (select coalesce(jsonb_object_agg(blocker, waiting), '{}') from (
                select case
                         when s.cpu_millis > c.capacity_cpu_millis or s.memory_mib > c.capacity_memory_mib
                           or s.gpu_millis > c.capacity_gpu_millis then 'exceeds-capacity'
                         when c.state <> 'active' then c.state
                         when s.gpu_millis > c.capacity_gpu_millis - c.allocated_gpu_millis then 'gpu'
                         when s.memory_mib > c.capacity_memory_mib - c.allocated_memory_mib then 'memory'
                         when s.cpu_millis > c.capacity_cpu_millis - c.allocated_cpu_millis then 'cpu'
                         else 'others-first'
                       end as blocker, sum(s.waiting) as waiting
                from queue_shapes s where s.cluster_id = c.id group by 1) blocked) as "byBlocker",
             (select count(*)::int from deployments d
              where d.cluster_id = c.id and (d.ended_at is not null or d.status = 'retrying') and d.released_at is null) as unsettled,
             (select count(*)::int from deployments d where d.cluster_id = c.id and d.status = 'stopping') as stopping,
             exists (select 1 from cluster_signals g where g.cluster_id = c.id)::int as "isPassWanted",
             extract(epoch from statement_timestamp() - coalesce(last.finished_at, c.created_at))::float8 as "sincePass",
             last.gap, last."utilizationGap",
             (select extract(epoch from statement_timestamp() - min(oldest.queued_at))::float8
              from (select ${shapeColumns('s')} from queue_shapes s where s.cluster_id = c.id
                    union
                    select ${shapeColumns('g')} from cluster_signals g where g.cluster_id = c.id and g.change > 0) shape
              cross join lateral (
                select d.queued_at from deployments d
                where d.cluster_id = c.id and d.status = 'queued' and ${sameShape('d', 'shape')}
                order by d.queued_at, d.id limit 1) oldest) as "oldestWaiting"
      from clusters c
      left join lateral (
        select p.finished_at,
               (select coalesce(sum((level->>'upperBound')::int - (level->>'placed')::int)
                                filter (where coalesce((level->'utilization'->>'gapThousandths')::int, 0) = 0), 0)::int
                from jsonb_array_elements(p.certificate->'levels') level) as gap,
               (select coalesce(max((level->'utilization'->>'gapThousandths')::int), 0)
                from jsonb_array_elements(p.certificate->'levels') level) as "utilizationGap"
        from passes p where p.cluster_id = c.id order by p.id desc limit 1) last on true
      where c.deleted_at is null order by c.id limit ${MAX_LISTED_CLUSTERS}`,
  );
}

/** The number of clusters. */
export async function countClusters(tx: EntityManager): Promise<number> {
  const [row] = await rowsOf(
    tx,
    sql<{ count: number }>`select count(*)::float8 as count from clusters where deleted_at is null`,
  );
  return row?.count ?? 0;
}

/** Priorities in bands of ten: a label for each of a hundred would be a series for each. */
function band(priority: number): string {
  const low = Math.min(Math.floor(priority / 10), 9) * 10;
  return `${low}-${low === 90 ? 100 : low + 9}`;
}

/** One sample for each cluster, or several with labels. */
function each(
  clusters: readonly ClusterFigures[],
  samples: (row: ClusterFigures) => readonly Sample[] | number | null,
): readonly Sample[] {
  return clusters.flatMap((row) => {
    const found = samples(row);
    const own = typeof found === 'number' ? [{ labels: {}, value: found }] : (found ?? []);
    const labels = { organization: row.organization, cluster: row.cluster };
    return own.map((sample) => ({ labels: { ...labels, ...sample.labels }, value: sample.value }));
  });
}

const resources = (cpu: number, memory: number, gpu: number): readonly Sample[] => [
  { labels: { resource: 'cpu' }, value: cpu },
  { labels: { resource: 'memory' }, value: memory },
  { labels: { resource: 'gpu' }, value: gpu },
];

function bands(byPriority: readonly QueuedByPriority[]): readonly Sample[] {
  const sums = new Map<string, number>();
  for (const { priority, queued } of byPriority) sums.set(band(priority), (sums.get(band(priority)) ?? 0) + queued);
  return [...sums].map(([priority, value]) => ({ labels: { priority }, value }));
}

/** Writes the figures of clusters. */
export function exposeClusters(to: Exposition, clusters: readonly ClusterFigures[], total: number): void {
  const unlisted = Math.max(0, total - MAX_LISTED_CLUSTERS);
  const gauge = (
    name: string,
    help: string,
    samples: (row: ClusterFigures) => readonly Sample[] | number | null,
  ): void => to.gauge(`stowage_cluster_${name}`, help, each(clusters, samples));
  to.gauge('stowage_clusters', 'Clusters of the installation.', total);
  to.gauge(
    'stowage_clusters_unlisted',
    'Clusters that have no figures of their own here, because there are too many.',
    unlisted,
  );
  gauge('capacity', 'Capacity of a cluster: cores, MiB, devices.', (row) =>
    resources(row.capacityCpu, row.capacityMemory, row.capacityGpu),
  );
  gauge('allocated', 'Allocated to deployments: cores, MiB, devices.', (row) =>
    resources(row.allocatedCpu, row.allocatedMemory, row.allocatedGpu),
  );
  gauge('waiting', 'Queued deployments by priority.', ({ byPriority }) => bands(byPriority));
  gauge('blocked', 'Queued deployments by their first blocker, as of the last pass.', ({ byBlocker }) =>
    Object.entries(byBlocker).map(([blocker, value]) => ({ labels: { blocker }, value })),
  );
  gauge(
    'oldest_waiting_seconds',
    'Wait of the oldest queued deployment; absent where the queue is empty.',
    ({ oldestWaiting }) => oldestWaiting,
  );
  gauge('unsettled', 'Deployments that have ended and still hold resources.', ({ unsettled }) => unsettled);
  gauge(
    'stopping',
    'Deployments that were asked to stop and keep their resources until they have stopped, or the grace ends.',
    ({ stopping }) => stopping,
  );
  gauge('pass_wanted', '1 while the cluster has a signal that no pass has taken.', ({ isPassWanted }) => isPassWanted);
  gauge(
    'seconds_since_pass',
    'Since the last pass ended, or since the cluster was made.',
    ({ sincePass }) => sincePass,
  );
  gauge(
    'pass_gap',
    'How many more deployments the last pass could at most have started, by its certificate; 0: it was optimal.',
    ({ gap }) => gap,
  );
  gauge(
    'pass_utilization_gap',
    'Where utilization is the objective: how many thousandths of the cluster one priority could at most have used beyond what the last pass started, by its certificate; 0: it was optimal.',
    ({ utilizationGap }) => utilizationGap,
  );
}
