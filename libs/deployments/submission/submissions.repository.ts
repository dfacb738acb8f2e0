import { newId } from '#kernel';
import { type AdmittingCluster } from '#clusters';
import {
  type EntityManager,
  exactlyOne,
  type Fragment,
  preparedRowsOf,
  rowsOf,
  shapeArrays,
  shapeColumns,
  sql,
} from '#database';
import { byteChange } from '#organizations';

import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { generatedName } from '../fields/deployment-name.js';
import { normalizedImageOf } from '../fields/image-reference.js';
import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';
import { type GrantedOrder, nameTaken, shapeOfOrder } from './orders.js';

type Statement<Row> = ReturnType<typeof sql<Row>>;

/** An order with the id of its deployment. */
export interface QueuedOrder {
  readonly id: string;
  readonly order: GrantedOrder;
}

/** The time of a statement of its own: the arrival of deployments that several statements insert. */
export async function readArrival(tx: EntityManager): Promise<string> {
  return exactlyOne(await rowsOf(tx, sql<{ at: string }>`select statement_timestamp()::text as at`)).at;
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
    insertion<DeploymentRow>(cluster, submittedBy, [{ id, order }], sql`statement_timestamp()`, DEPLOYMENT_COLUMNS),
  );
  if (row === undefined) throw nameTaken(order, '');
  return viewOf(row);
}

/**
 * Puts deployments into a cluster's queue, each with its first event, but for those whose name is taken: by another deployment, or by an
 * earlier one of `queued`.
 *
 * @param queued in the order of {@link inOrderOfNames}
 * @param arrival when all deployments of the batch arrived
 * @returns the ids of those that were inserted
 */
export async function insertManyQueued(
  tx: EntityManager,
  cluster: AdmittingCluster,
  submittedBy: string,
  queued: readonly QueuedOrder[],
  arrival: string,
): Promise<Set<string>> {
  const at = sql`${arrival}::timestamptz`;
  const inserted = await rowsOf(tx, insertion<{ id: string }>(cluster, submittedBy, queued, at, sql`d.id`));
  return new Set(inserted.map(({ id }) => id));
}

function insertion<Row>(
  { organizationId, id: clusterId }: AdmittingCluster,
  submittedBy: string,
  rows: readonly QueuedOrder[],
  arrival: Fragment,
  columns: Fragment,
): Statement<Row> {
  const orders = rows.map(({ order }) => order);
  // Most submissions are of one row, which needs no sum.
  const bytes = rows.length === 1 ? sql`stored_bytes` : sql`sum(stored_bytes)`;
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
               queue_timeout_seconds, max_retries, labels, is_preemptible, spec, ${submittedBy}, ${arrival},
               ${arrival} + nullif(queue_timeout_seconds, 0) * interval '1 second'
        from submitted
        ${unlessTaken}
        returning *
      ), events as (
        ${eventsOf('d', { ...causedBy(TRANSITIONS.submit), actor_id: sql`submitted_by`, at: sql`queued_at` })}
      ), bytes as (
        ${byteChange(organizationId, bytes, sql`d`)}
      )
      select ${columns} from d`;
}

/** Sorts by name: two batches with the same names in different orders could deadlock. Of equal names, the earlier order comes first. */
export function inOrderOfNames(queued: readonly QueuedOrder[]): readonly QueuedOrder[] {
  if (queued.every(({ order }) => order.name === null)) return queued;
  const key = ({ order }: QueuedOrder): string => order.name ?? '';
  return queued.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
