import { ResourceVector } from '#kernel';
import { rfc3339, sql } from '#database';

import { type DeploymentStatus } from './deployment-status.js';

/** A deployment as it stands. Times in RFC 3339. */
export interface DeploymentView {
  readonly id: string;
  readonly organizationId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly image: string;
  readonly request: ResourceVector;
  readonly priority: number;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
  readonly status: DeploymentStatus;
  readonly attempt: number;
  readonly queuedAt: string;
  readonly scheduledAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly releasedAt: string | null;
  readonly message: string | null;
  readonly submittedBy: string;
}

/** A row of {@link DEPLOYMENT_COLUMNS}. */
export interface DeploymentRow {
  readonly id: string;
  readonly organizationId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly image: string;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
  readonly priority: number;
  readonly maxRuntimeSeconds: number;
  readonly status: DeploymentStatus;
  readonly attempt: number;
  readonly queuedAt: string;
  readonly scheduledAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly releasedAt: string | null;
  readonly message: string | null;
  readonly submittedBy: string;
}

/** What a view is made from; the table must be called `d`. */
export const DEPLOYMENT_COLUMNS = sql`
  d.id, d.organization_id as "organizationId", d.cluster_id as "clusterId", d.name, d.image,
  d.cpu_millis as "cpuMillis", d.memory_mib as "memoryMib", d.gpu_millis as "gpuMillis", d.priority,
  d.max_runtime_seconds as "maxRuntimeSeconds", d.status, d.attempt, d.queued_at as "queuedAt",
  d.scheduled_at as "scheduledAt", d.started_at as "startedAt", d.ended_at as "endedAt", d.released_at as "releasedAt",
  d.message, d.submitted_by as "submittedBy"`;

/** The view of a row. */
export function viewOf({ cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds, ...row }: DeploymentRow): DeploymentView {
  return {
    ...row,
    request: ResourceVector.of({ cpuMillis, memoryMib, gpuMillis }),
    maxRuntimeSeconds: maxRuntimeSeconds === 0 ? null : maxRuntimeSeconds,
    queuedAt: rfc3339(row.queuedAt),
    scheduledAt: rfc3339(row.scheduledAt),
    startedAt: rfc3339(row.startedAt),
    endedAt: rfc3339(row.endedAt),
    releasedAt: rfc3339(row.releasedAt),
  };
}
