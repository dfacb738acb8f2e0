import { type EntityManager, type Fragment, rfc3339, rowsOf, sql } from '#database';
import { type QueuedByPriority, queuedByPriority } from '#queue';
import { type Actor } from '#rbac';

import { type ClusterAccess, type ClusterState } from './cluster.entity.js';
import { AMOUNT_COLUMNS, amountsIn, type AmountsRow, type ClusterAmounts } from './cluster-amounts.js';
import { type PolicySettings } from '../policy/cluster-policy.js';
import { visibleClusters } from './cluster-visibility.js';
import { ClusterErrors } from '../clusters.errors.js';

/** What can be edited of a cluster, and what an edit is judged by. */
export interface EditableCluster extends ClusterAmounts {
  readonly id: string;
  readonly name: string;
  readonly state: ClusterState;
  readonly access: ClusterAccess;
  readonly policy: PolicySettings;
  /** Raised by every edit. */
  readonly version: number;
}

/** A cluster as it stands. */
export interface ClusterView extends EditableCluster {
  readonly organizationId: string;
  /** Deployments that wait in its queue, highest priority first. */
  readonly queuedByPriority: readonly QueuedByPriority[];
  /** How many deployments are between two attempts: they will wait again. */
  readonly retrying: number;
  readonly createdAt: string;
}

interface EditableRow extends AmountsRow {
  readonly id: string;
  readonly name: string;
  readonly state: ClusterState;
  readonly access: ClusterAccess;
  readonly policy: PolicySettings;
  readonly version: number;
}

interface ClusterRow extends EditableRow {
  readonly organizationId: string;
  readonly queuedByPriority: readonly QueuedByPriority[];
  readonly retrying: number;
  readonly createdAt: string;
}

const EDITABLE_COLUMNS = sql`c.id, c.name, c.state, c.access, c.policy, c.version, ${AMOUNT_COLUMNS}`;

/** The clusters that fulfil a condition on `clusters c`, with what an actor may see of them; none that was deleted. */
export async function readClusters(
  em: EntityManager,
  actor: Actor,
  organizationId: string,
  rest: Fragment,
): Promise<ClusterView[]> {
  const rows = await rowsOf(
    em,
    sql<ClusterRow>`
      select ${EDITABLE_COLUMNS}, c.organization_id as "organizationId", c.created_at as "createdAt",
             ${queuedByPriority('c.id')} as "queuedByPriority",
             (select count(*)::int from deployments d where d.cluster_id = c.id and d.status = 'retrying') as retrying
      from clusters c
      where c.organization_id = ${organizationId} and c.deleted_at is null
        and ${visibleClusters(actor, organizationId, 'c.id')} ${rest}`,
  );
  return rows.map((row) => ({
    ...editableOf(row),
    organizationId: row.organizationId,
    queuedByPriority: row.queuedByPriority,
    retrying: row.retrying,
    createdAt: rfc3339(row.createdAt),
  }));
}

/** One cluster. @throws CLUSTERS.NOT_FOUND when it is not there, was deleted, or is not visible to the actor */
export async function readCluster(
  em: EntityManager,
  actor: Actor,
  organizationId: string,
  clusterId: string,
): Promise<ClusterView> {
  const [cluster] = await readClusters(em, actor, organizationId, sql`and c.id = ${clusterId}`);
  if (cluster === undefined) throw ClusterErrors.NOT_FOUND.because();
  return cluster;
}

/** How a row is locked: against passes and other edits, or also against submissions. */
export type ClusterLock = 'no key update' | 'update';

/**
 * Locks a cluster for a change. Waits for a pass that is at work there; submissions wait for `update` alone.
 *
 * @throws CLUSTERS.NOT_FOUND when it is not there, was deleted, or is not visible to the actor
 */
export async function lockCluster(
  tx: EntityManager,
  actor: Actor,
  organizationId: string,
  clusterId: string,
  lock: ClusterLock = 'no key update',
): Promise<EditableCluster> {
  const [row] = await rowsOf(
    tx,
    sql<EditableRow>`
      select ${EDITABLE_COLUMNS} from clusters c
      where c.organization_id = ${organizationId} and c.id = ${clusterId} and c.deleted_at is null
        and ${visibleClusters(actor, organizationId, 'c.id')}
      ${lock === 'update' ? sql`for update of c` : sql`for no key update of c`}`,
  );
  if (row === undefined) throw ClusterErrors.NOT_FOUND.because();
  return editableOf(row);
}

function editableOf(row: EditableRow): EditableCluster {
  const { id, name, state, access, policy, version } = row;
  return { id, name, state, access, policy, version, ...amountsIn(row) };
}
