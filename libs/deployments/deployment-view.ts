import { type ResourceAmounts, ResourceVector } from '#kernel';
import { type EntityManager, type Fragment, queries, rfc3339, sql, type TablesOf } from '#database';

import { type DeploymentSchema } from './deployment.entity.js';
import { normalizedImageOf } from './fields/image-reference.js';
import { type StopCause, type StopOutcome } from './states/deployment-status.js';

/** The columns of a view in a list: all but the spec, which may be larger than all others. Several a line: it is one list. */
// prettier-ignore
const LISTED = [
  'd.id', 'd.organization_id as organizationId', 'd.cluster_id as clusterId', 'd.name', 'd.image',
  'd.normalized_image as normalizedImage', 'd.labels', 'd.is_preemptible as isPreemptible',
  'd.preemptions', 'd.cpu_millis as cpuMillis', 'd.memory_mib as memoryMib', 'd.gpu_millis as gpuMillis',
  'd.priority', 'd.max_runtime_seconds as maxRuntimeSeconds', 'd.max_retries as maxRetries',
  'd.queue_timeout_seconds as queueTimeoutSeconds', 'd.retries', 'd.status', 'd.attempt', 'd.version',
  'd.queued_at as queuedAt', 'd.scheduled_at as scheduledAt', 'd.started_at as startedAt',
  'd.ended_at as endedAt', 'd.released_at as releasedAt', 'd.due_at as dueAt', 'd.message',
  'd.stop_cause as stopCause', 'd.stop_outcome as stopOutcome', 'd.stop_asked_at as stopAskedAt',
  'd.submitted_by as submittedBy',
] as const;

/** The columns of a view. The table must be called `d`. */
export const COLUMNS = [...LISTED, 'd.spec'] as const;

const fragmentOf = (columns: readonly string[]): Fragment =>
  sql.raw(columns.map((column) => column.replace(/ as (\w+)$/, ' as "$1"')).join(', '));

/** The same for raw SQL. */
export const DEPLOYMENT_COLUMNS = fragmentOf(COLUMNS);
export const LISTED_DEPLOYMENT_COLUMNS = fragmentOf(LISTED);

export type DeploymentTables = TablesOf<typeof DeploymentSchema>;

const selection = (em: EntityManager) => queries<DeploymentTables>(em).selectFrom('deployments as d').select(COLUMNS);

type WholeRow = Awaited<ReturnType<ReturnType<typeof selection>['executeTakeFirstOrThrow']>>;

/** A row of {@link COLUMNS}, or of {@link LISTED_DEPLOYMENT_COLUMNS}: then it has no spec. */
export type DeploymentRow = Readonly<Omit<WholeRow, 'spec'> & Partial<Pick<WholeRow, 'spec'>>>;

/** What a runtime was asked to do, and the status of the deployment after that. Times in RFC 3339. */
export interface Stopping {
  readonly cause: StopCause;
  readonly outcome: StopOutcome;
  readonly since: string;
  /** When its resources are released at the latest. */
  readonly until: string;
}

/** A deployment for readers. Times in RFC 3339; null for a duration without a limit. */
export interface DeploymentView extends Omit<
  DeploymentRow,
  | keyof ResourceAmounts
  | 'normalizedImage'
  | 'maxRuntimeSeconds'
  | 'queueTimeoutSeconds'
  | 'dueAt'
  | 'stopCause'
  | 'stopOutcome'
  | 'stopAskedAt'
> {
  readonly normalizedImage: string;
  readonly request: ResourceVector;
  readonly maxRuntimeSeconds: number | null;
  readonly queueTimeoutSeconds: number | null;
  /** When the next attempt is queued; null unless the status is `retrying`. */
  readonly retryAt: string | null;
  /** null unless the status is `stopping` */
  readonly stopping: Stopping | null;
}

/** The view of a row, whose times are in RFC 3339 (typed queries) or as PostgreSQL writes them (raw SQL). */
export function viewOf(whole: DeploymentRow): DeploymentView {
  const { cpuMillis, memoryMib, gpuMillis, dueAt, stopCause, stopOutcome, stopAskedAt, ...row } = whole;
  return {
    ...row,
    normalizedImage: row.normalizedImage ?? normalizedImageOf(row.image),
    request: ResourceVector.of({ cpuMillis, memoryMib, gpuMillis }),
    maxRuntimeSeconds: row.maxRuntimeSeconds || null,
    queueTimeoutSeconds: row.queueTimeoutSeconds || null,
    queuedAt: instant(row.queuedAt),
    scheduledAt: instant(row.scheduledAt),
    startedAt: instant(row.startedAt),
    endedAt: instant(row.endedAt),
    releasedAt: instant(row.releasedAt),
    retryAt: row.status === 'retrying' ? instant(dueAt) : null,
    stopping:
      row.status === 'stopping' && stopCause !== null && stopOutcome !== null && stopAskedAt !== null && dueAt !== null
        ? { cause: stopCause, outcome: stopOutcome, since: instant(stopAskedAt), until: instant(dueAt) }
        : null,
  };
}

function instant(text: string): string;
function instant(text: string | null): string | null;
function instant(text: string | null): string | null {
  return text === null || text.endsWith('Z') ? text : rfc3339(text);
}
