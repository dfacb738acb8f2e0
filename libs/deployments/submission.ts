import { type DomainError, newId, type ResourceVector } from '#kernel';
import { type AdmittingCluster, toResources } from '#clusters';
import { type EntityManager, rowsOf, sql } from '#database';
import { type ShapeChange } from '#queue';

import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from './deployment-view.js';
import { DeploymentErrors } from './deployments.errors.js';
import { parseImageReference } from './image-reference.js';

/** What somebody asks to run. */
export interface DeploymentOrder {
  /** null: a name is made from the image */
  readonly name: string | null;
  readonly image: string;
  readonly request: ResourceVector;
  readonly priority: number;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
  /** null: waits however long it takes */
  readonly queueTimeoutSeconds: number | null;
  readonly maxRetries: number;
}

/**
 * Refuses what could never run: an image that is none, an empty request, one that exceeds the whole cluster.
 *
 * @throws DEPLOYMENTS.INVALID_IMAGE, DEPLOYMENTS.EMPTY_REQUEST, DEPLOYMENTS.EXCEEDS_CAPACITY, with pointers below `at`
 */
export function checkOrder(order: DeploymentOrder, cluster: AdmittingCluster, at = ''): void {
  const { image, request } = order;
  if (parseImageReference(image) === undefined) {
    throw DeploymentErrors.INVALID_IMAGE.because(undefined, {}, [
      { pointer: `#${at}/image`, code: 'invalid-image', message: 'is not an image reference' },
    ]);
  }
  if (request.isZero()) {
    throw DeploymentErrors.EMPTY_REQUEST.because(undefined, {}, [
      { pointer: `#${at}/resources`, code: 'empty', message: 'must ask for some CPU, memory or GPU' },
    ]);
  }
  if (!request.fitsIn(cluster.grantable)) throw exceeds(request, cluster, at);
}

function exceeds(request: ResourceVector, { id, grantable }: AdmittingCluster, at: string): DomainError {
  const facts = {
    clusterId: id,
    needed: toResources(request),
    capacity: toResources(grantable),
    missing: toResources(request.shortfallIn(grantable)),
  };
  return DeploymentErrors.EXCEEDS_CAPACITY.because(undefined, facts, [
    { pointer: `#${at}/resources`, code: 'exceeds-capacity', message: 'needs more than the whole cluster has' },
  ]);
}

/**
 * Puts deployments into a cluster's queue, each with its first event. One statement, whatever their number.
 *
 * @returns the deployments in the order of the orders
 */
export async function insertQueued(
  tx: EntityManager,
  { organizationId, id: clusterId }: AdmittingCluster,
  submittedBy: string,
  orders: readonly DeploymentOrder[],
): Promise<DeploymentView[]> {
  const ids = orders.map(() => newId());
  const rows = await rowsOf(
    tx,
    sql<DeploymentRow>`
      with submitted as (
        select * from unnest(
          ${ids}::uuid[], ${orders.map(({ name, image }, i) => name ?? nameFrom(image, ids[i] ?? ''))}::text[],
          ${orders.map((o) => o.image)}::text[], ${orders.map((o) => o.request.cpuMillis)}::int[],
          ${orders.map((o) => o.request.memoryMib)}::int[], ${orders.map((o) => o.request.gpuMillis)}::int[],
          ${orders.map((o) => o.priority)}::smallint[], ${orders.map((o) => o.maxRuntimeSeconds ?? 0)}::int[],
          ${orders.map((o) => o.queueTimeoutSeconds ?? 0)}::int[], ${orders.map((o) => o.maxRetries)}::smallint[]
        ) as submitted (id, name, image, cpu_millis, memory_mib, gpu_millis, priority, max_runtime_seconds,
                        queue_timeout_seconds, max_retries)
      ), d as (
        insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority,
                                 max_runtime_seconds, queue_timeout_seconds, max_retries, submitted_by, queued_at, due_at)
        select ${organizationId}, id, ${clusterId}, name, image, cpu_millis, memory_mib, gpu_millis, priority,
               max_runtime_seconds, queue_timeout_seconds, max_retries, ${submittedBy}, statement_timestamp(),
               statement_timestamp() + nullif(queue_timeout_seconds, 0) * interval '1 second'
        from submitted
        returning *
      ), events as (
        insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, to_status, cause,
                                       actor_id, at)
        select organization_id, id, version, cluster_id, attempt, status, 'submitted', submitted_by, queued_at from d
      )
      select ${DEPLOYMENT_COLUMNS} from d`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = byId.get(id);
    if (row === undefined) throw new Error('a deployment was inserted and not returned');
    return viewOf(row);
  });
}

/** How many of each shape come to the queue, or with -1 leave it. */
export function shapeChanges(
  deployments: readonly Pick<DeploymentView, 'priority' | 'request' | 'maxRuntimeSeconds'>[],
  sign: 1 | -1,
): ShapeChange[] {
  const changes = new Map<string, ShapeChange>();
  for (const { priority, request, maxRuntimeSeconds } of deployments) {
    const { cpuMillis, memoryMib, gpuMillis } = request;
    const key = `${priority} ${cpuMillis} ${memoryMib} ${gpuMillis} ${maxRuntimeSeconds ?? 0}`;
    const known = changes.get(key);
    const change = (known?.change ?? 0) + sign;
    changes.set(key, { priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds: maxRuntimeSeconds ?? 0, change });
  }
  return [...changes.values()];
}

/** A name that a person recognizes: the last part of the image's path, and enough of the id to tell its siblings apart. */
function nameFrom(image: string, id: string): string {
  const repository = parseImageReference(image)?.repository ?? 'deployment';
  return `${repository.slice(repository.lastIndexOf('/') + 1).slice(0, 48)}-${id.slice(-8)}`;
}
