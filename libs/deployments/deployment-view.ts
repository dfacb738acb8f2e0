import { type ResourceAmounts, ResourceVector } from '#kernel';
import { rfc3339, selectShape, sql } from '#database';

import { type DeploymentStatus, type StopCause, type StopOutcome } from './states/deployment-status.js';
import { normalizedImageOf } from './fields/image-reference.js';
import { type Labels } from './fields/labels.js';

/** What has been asked of a runtime, and what becomes of the deployment then. Times in RFC 3339. */
export interface Stopping {
  readonly cause: StopCause;
  readonly outcome: StopOutcome;
  readonly since: string;
  /** When its resources come back at the latest. */
  readonly until: string;
}

/** What a row and a view of a deployment say alike. */
interface DeploymentFacts {
  readonly id: string;
  readonly organizationId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly isPreemptible: boolean;
  /** How often it has given way to a higher priority. */
  readonly preemptions: number;
  /** undefined where it was not asked for */
  readonly spec?: object | null;
  readonly priority: number;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
  /** null: waits however long it takes */
  readonly queueTimeoutSeconds: number | null;
  readonly maxRetries: number;
  readonly retries: number;
  readonly status: DeploymentStatus;
  readonly attempt: number;
  /** Raised by whatever happens to it. */
  readonly version: number;
  readonly queuedAt: string;
  readonly scheduledAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly releasedAt: string | null;
  /** When the next attempt goes back to the queue; null but between two attempts. */
  readonly retryAt: string | null;
  readonly message: string | null;
  readonly submittedBy: string;
}

/** A deployment as it stands. Times in RFC 3339. */
export interface DeploymentView extends DeploymentFacts {
  readonly normalizedImage: string;
  readonly request: ResourceVector;
  /** null but while it stops */
  readonly stopping: Stopping | null;
}

/** A row of {@link DEPLOYMENT_COLUMNS}. Times as the database writes them. */
export interface DeploymentRow extends DeploymentFacts, ResourceAmounts {
  /** null: submitted before it was kept */
  readonly normalizedImage: string | null;
  /** These four are null but while it stops. */
  readonly stopCause: StopCause | null;
  readonly stopOutcome: StopOutcome | null;
  readonly stopAskedAt: string | null;
  readonly stopUntil: string | null;
}

/** What a view in a list is made from: all but the spec, which may be larger than all the rest. The table must be called `d`. */
export const LISTED_DEPLOYMENT_COLUMNS = sql`
  d.id, d.organization_id as "organizationId", d.cluster_id as "clusterId", d.name, d.image,
  d.normalized_image as "normalizedImage", d.labels, d.is_preemptible as "isPreemptible", d.preemptions,
  ${selectShape('d')}, nullif(d.queue_timeout_seconds, 0) as "queueTimeoutSeconds",
  d.max_retries as "maxRetries", d.retries, d.status, d.attempt, d.version, d.queued_at as "queuedAt",
  d.scheduled_at as "scheduledAt", d.started_at as "startedAt", d.ended_at as "endedAt", d.released_at as "releasedAt",
  case when d.status = 'retrying' then d.due_at end as "retryAt",
  case when d.status = 'stopping' then d.stop_cause end as "stopCause",
  case when d.status = 'stopping' then d.stop_outcome end as "stopOutcome",
  case when d.status = 'stopping' then d.stop_asked_at end as "stopAskedAt",
  case when d.status = 'stopping' then d.due_at end as "stopUntil", d.message, d.submitted_by as "submittedBy"`;

/** What a view is made from; the table must be called `d`. */
export const DEPLOYMENT_COLUMNS = sql`${LISTED_DEPLOYMENT_COLUMNS}, d.spec`;

/** The view of a row. */
export function viewOf(whole: DeploymentRow): DeploymentView {
  const { cpuMillis, memoryMib, gpuMillis, stopCause, stopOutcome, stopAskedAt, stopUntil, ...row } = whole;
  const isStopping = stopCause !== null && stopOutcome !== null && stopAskedAt !== null && stopUntil !== null;
  return {
    ...row,
    normalizedImage: row.normalizedImage ?? normalizedImageOf(row.image),
    request: ResourceVector.of({ cpuMillis, memoryMib, gpuMillis }),
    queuedAt: rfc3339(row.queuedAt),
    scheduledAt: rfc3339(row.scheduledAt),
    startedAt: rfc3339(row.startedAt),
    endedAt: rfc3339(row.endedAt),
    releasedAt: rfc3339(row.releasedAt),
    retryAt: rfc3339(row.retryAt),
    stopping: isStopping
      ? { cause: stopCause, outcome: stopOutcome, since: rfc3339(stopAskedAt), until: rfc3339(stopUntil) }
      : null,
  };
}
