import { type EntityManager, rowsOf, sql } from '#database';

/** What became of one deployment: when it came, when it started and ended, or left the queue. Times in milliseconds. */
export interface DeploymentHistory {
  readonly id: string;
  readonly submittedBy: string;
  readonly priority: number;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
  /** Null where none is declared. */
  readonly maxRuntimeSeconds: number | null;
  readonly isPreemptible: boolean;
  readonly queuedAtMs: number;
  /** The start of its last attempt; null where it has none. */
  readonly scheduledAtMs: number | null;
  /** When its resources came back, or when it left the queue; null where it still runs or waits. */
  readonly endedAtMs: number | null;
}

/** What waited or ran in a cluster within a time, in the order of submission. */
export async function readHistory(
  em: EntityManager,
  clusterId: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<DeploymentHistory[]> {
  const at = (column: string) => sql`(extract(epoch from ${sql.ref(column)}) * 1000)::float8`;
  return rowsOf(
    em,
    sql<DeploymentHistory>`
      select d.id, d.submitted_by as "submittedBy", d.priority, d.cpu_millis as "cpuMillis", d.memory_mib as "memoryMib",
             d.gpu_millis as "gpuMillis", nullif(d.max_runtime_seconds, 0) as "maxRuntimeSeconds", d.is_preemptible as "isPreemptible",
             ${at('d.queued_at')} as "queuedAtMs", ${at('d.scheduled_at')} as "scheduledAtMs",
             ${sql`coalesce(${at('d.released_at')}, ${at('d.ended_at')})`} as "endedAtMs"
      from deployments d
      where d.organization_id = (select c.organization_id from clusters c where c.id = ${clusterId}) and d.cluster_id = ${clusterId}
        and d.queued_at <= to_timestamp(${toMs}::float8 / 1000)
        and (d.ended_at is null or coalesce(d.released_at, d.ended_at) >= to_timestamp(${fromMs}::float8 / 1000))
      order by d.organization_id, d.cluster_id, d.id`,
  );
}
