import { newId } from '#kernel';
import { type AdmittingCluster } from '#clusters';
import { type EntityManager, type Fragment, preparedRowsOf, rowsOf, shapeArrays, shapeColumns, sql } from '#database';
import { byteChanges } from '#organizations';

import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { generatedName } from '../fields/deployment-name.js';
import { normalizedImageOf } from '../fields/image-reference.js';
import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';
import { type GrantedOrder, nameTaken, shapeOfOrder } from './orders.js';

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
      ), bytes as (
        ${byteChanges(sql`select organization_id, stored_bytes from d`)}
      )
      select ${columns} from d`;
}

/** Sorts by name: two batches with the same names in different orders could deadlock. Of equal names, the earlier order comes first. */
function inOrderOfNames(queued: readonly QueuedOrder[]): readonly QueuedOrder[] {
  if (queued.every(({ order }) => order.name === null)) return queued;
  const key = ({ order }: QueuedOrder): string => order.name ?? '';
  return queued.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
