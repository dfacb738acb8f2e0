import { type DomainError, newId, type ResourceVector, type ShapeKey, shapeText } from '#kernel';
import { type AdmittingCluster, toResources } from '#clusters';
import { type EntityManager, type Fragment, preparedRowsOf, rowsOf, shapeArrays, shapeColumns, sql } from '#database';
import { type ShapeChange } from '#queue';
import { type Actor } from '#rbac';

import { generatedName } from '../fields/deployment-name.js';
import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { normalizedImageOf, parseImageReference } from '../fields/image-reference.js';
import { type Labels } from '../fields/labels.js';
import { type Granted, withinLimits } from './role-limits.js';

/** What a refused order of a batch does to the others: `abort` queues none, `continue` queues them. */
export const ON_ERROR = ['abort', 'continue'] as const;

export type OnError = (typeof ON_ERROR)[number];

/** A deployment as it is requested. */
export interface DeploymentOrder {
  /** null: a name is made from the image */
  readonly name: string | null;
  readonly image: string;
  readonly request: ResourceVector;
  /** null: the cluster's default */
  readonly priority: number | null;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
  /** null: no limit */
  readonly queueTimeoutSeconds: number | null;
  readonly maxRetries: number;
  readonly labels: Labels;
  /** null: the cluster's policy decides by the priority */
  readonly isPreemptible: boolean | null;
  readonly spec: object | null;
}

/** An order with the defaults of the cluster filled in. */
export type GrantedOrder = Omit<DeploymentOrder, keyof Granted> & Granted;

/**
 * Checks an order, and fills in the defaults of a cluster.
 *
 * @throws what {@link checkOrder} and {@link withinLimits} throw, with pointers below `at`
 */
export function grant(order: DeploymentOrder, cluster: AdmittingCluster, actor: Actor, at = ''): GrantedOrder {
  checkOrder(order, cluster, at);
  return { ...order, ...withinLimits(order, cluster.policy, actor, at) };
}

/**
 * Refuses an order that could never run: an invalid image, an empty request, a request that exceeds the whole cluster.
 *
 * @throws DEPLOYMENTS.INVALID_IMAGE, DEPLOYMENTS.EMPTY_REQUEST, DEPLOYMENTS.EXCEEDS_CAPACITY, with pointers below `at`
 */
function checkOrder(order: DeploymentOrder, cluster: AdmittingCluster, at = ''): void {
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

type Statement<Row> = ReturnType<typeof sql<Row>>;

/** An order with the id of its deployment. */
interface QueuedOrder {
  readonly id: string;
  readonly order: GrantedOrder;
}

/**
 * Puts one deployment into a cluster's queue, with its first event.
 *
 * @throws DEPLOYMENTS.NAME_TAKEN
 */
export async function insertQueued(
  tx: EntityManager,
  cluster: AdmittingCluster,
  submittedBy: string,
  order: GrantedOrder,
): Promise<DeploymentView> {
  const id = newId();
  const [row] = await preparedRowsOf(
    tx,
    insertion<DeploymentRow>(cluster, submittedBy, [{ id, order }], DEPLOYMENT_COLUMNS),
  );
  if (row === undefined) throw nameTaken(order, '');
  return viewOf(row);
}

/**
 * Puts deployments into a cluster's queue, each with its first event, but for those whose name is taken: by another deployment, or by an
 * earlier one of `orders`. One statement, whatever their number.
 *
 * @returns the ids in the order of the orders, undefined where the name is taken
 */
export async function insertManyQueued(
  tx: EntityManager,
  cluster: AdmittingCluster,
  submittedBy: string,
  orders: readonly GrantedOrder[],
): Promise<(string | undefined)[]> {
  const queued = orders.map((order): QueuedOrder => ({ id: newId(), order }));
  const inserted = await rowsOf(tx, insertion<{ id: string }>(cluster, submittedBy, queued, sql`d.id`));
  // Without names there is no conflict.
  if (inserted.length === queued.length) return queued.map(({ id }) => id);
  const ids = new Set(inserted.map(({ id }) => id));
  return queued.map(({ id }) => (ids.has(id) ? id : undefined));
}

/** The refusal of an order whose name another deployment has, with a pointer below `at`. */
export function nameTaken({ name }: Pick<DeploymentOrder, 'name'>, at: string): DomainError {
  return DeploymentErrors.NAME_TAKEN.because(undefined, { name }, [
    { pointer: `#${at}/name`, code: 'name-taken', message: 'is the name of another deployment of the cluster' },
  ]);
}

function insertion<Row>(
  { organizationId, id: clusterId }: AdmittingCluster,
  submittedBy: string,
  queued: readonly QueuedOrder[],
  columns: Fragment,
): Statement<Row> {
  const rows = inOrderOfNames(queued);
  const orders = rows.map(({ order }) => order);
  // `on conflict` writes more to the write-ahead log: only orders with names need it.
  const unlessTaken = orders.some(({ name }) => name !== null)
    ? sql`on conflict (cluster_id, name) where is_named and ended_at is null do nothing`
    : sql``;
  return sql<Row>`
      with submitted as (
        select * from unnest(
          ${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ id, order }) => order.name ?? generatedName(order.image, id))}::text[],
          ${orders.map((o) => o.name !== null)}::boolean[], ${orders.map((o) => o.image)}::text[],
          ${orders.map((o) => normalizedImageOf(o.image))}::text[], ${shapeArrays(orders.map(shapeOfOrder))},
          ${orders.map((o) => o.queueTimeoutSeconds ?? 0)}::int[], ${orders.map((o) => o.maxRetries)}::smallint[],
          ${orders.map((o) => JSON.stringify(o.labels))}::jsonb[], ${orders.map((o) => o.isPreemptible)}::boolean[],
          ${orders.map((o) => (o.spec === null ? null : JSON.stringify(o.spec)))}::json[]
        ) as submitted (id, name, is_named, image, normalized_image, ${shapeColumns()}, queue_timeout_seconds,
                        max_retries, labels, is_preemptible, spec)
      ), d as (
        insert into deployments (organization_id, id, cluster_id, name, is_named, image, normalized_image, ${shapeColumns()},
                                 queue_timeout_seconds, max_retries, labels, is_preemptible, spec, submitted_by,
                                 queued_at, due_at)
        select ${organizationId}, id, ${clusterId}, name, is_named, image, normalized_image, ${shapeColumns()},
               queue_timeout_seconds, max_retries, labels, is_preemptible, spec, ${submittedBy}, statement_timestamp(),
               statement_timestamp() + nullif(queue_timeout_seconds, 0) * interval '1 second'
        from submitted
        ${unlessTaken}
        returning *
      ), events as (
        ${eventsOf('d', { ...causedBy(TRANSITIONS.submit), actor_id: sql`submitted_by`, at: sql`queued_at` })}
      )
      select ${columns} from d`;
}

/** Sorts by name: two batches with the same names in different orders could deadlock. Of equal names, the earlier order comes first. */
function inOrderOfNames(queued: readonly QueuedOrder[]): readonly QueuedOrder[] {
  if (queued.every(({ order }) => order.name === null)) return queued;
  const key = ({ order }: QueuedOrder): string => order.name ?? '';
  return queued.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** The part of a deployment that makes its shape. */
type Shaped = Pick<GrantedOrder, 'priority' | 'request' | 'maxRuntimeSeconds'>;

function shapeOfOrder({ priority, request, maxRuntimeSeconds }: Shaped): ShapeKey {
  return { ...request.toAmounts(), priority, maxRuntimeSeconds };
}

/** The changes of the queue by shape: arrivals, or with -1 departures. */
export function shapeChanges(deployments: readonly Shaped[], sign: 1 | -1): ShapeChange[] {
  const changes = new Map<string, ShapeChange>();
  for (const deployment of deployments) {
    const shape = shapeOfOrder(deployment);
    const key = shapeText(shape);
    changes.set(key, { ...shape, change: (changes.get(key)?.change ?? 0) + sign });
  }
  return [...changes.values()];
}
