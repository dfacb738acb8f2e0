import { Injectable } from '@nestjs/common';

import { newId, type ResourceVector } from '#kernel';
import { AuditLog } from '#audit';
import { changesOf, constraintOf, Database, type EntityManager, rowsOf, sql } from '#database';
import { type ExpectedVersions } from '#http';
import { OrganizationLimits } from '#organizations';
import { ClusterSignals, Nudges } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { type ClusterAccess, type ClusterState } from './cluster.entity.js';
import { assertSome } from '../capacity/cluster-capacity.js';
import { type ClusterEdit, differences, edited, type EditedCluster, stateOf } from './cluster-edit.js';
import { type PolicySettings } from '../policy/cluster-policy.js';
import {
  type ClusterView,
  type EditableCluster,
  lockCluster,
  readCluster,
  readClusters,
} from './clusters.repository.js';
import { ClusterErrors } from '../clusters.errors.js';

/** A new cluster. */
export interface ClusterOrder {
  readonly name: string;
  readonly capacity: ResourceVector;
  readonly policy: PolicySettings;
  readonly access: ClusterAccess;
}

/** Clusters: capacity, policy, and whether anything starts there. What is allocated is written by passes alone. */
@Injectable()
export class ClustersService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
    private readonly audit: AuditLog,
  ) {}

  /** @throws CLUSTERS.NAME_TAKEN, CLUSTERS.LIMIT_REACHED, CLUSTERS.CAPACITY_EMPTY */
  async create(actor: Actor, organizationId: string, order: ClusterOrder): Promise<ClusterView> {
    assertSome(order.capacity);
    const id = newId();
    return this.database.transaction(async (tx) => {
      await this.countAnother(tx, organizationId);
      await this.insert(tx, { ...order, id, organizationId, createdBy: actor.id });
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'cluster_create',
        target: { kind: 'cluster', id, name: order.name },
        after: stateOf({ ...order, pendingCapacity: null }),
      });
      return readCluster(tx, actor, organizationId, id);
    });
  }

  /** @throws CLUSTERS.NOT_FOUND */
  async read(actor: Actor, organizationId: string, clusterId: string): Promise<ClusterView> {
    return readCluster(this.database.reader(), actor, organizationId, clusterId);
  }

  /** The clusters of an organization that the actor sees, newest first, from after an id on. */
  async list(
    actor: Actor,
    organizationId: string,
    take: number,
    after: string | undefined,
  ): Promise<readonly ClusterView[]> {
    const rest = sql`${after === undefined ? sql`` : sql`and c.id < ${after}`} order by c.id desc limit ${take}`;
    return readClusters(this.database.reader(), actor, organizationId, rest);
  }

  /**
   * Renames, resizes, opens or restricts a cluster, or changes its policy; all of it or nothing. What changes nothing leaves no trace.
   *
   * @throws CLUSTERS.NOT_FOUND, CLUSTERS.NAME_TAKEN, CLUSTERS.CAPACITY_EMPTY, CLUSTERS.CAPACITY_IN_USE, REQUEST.PRECONDITION_FAILED
   */
  async edit(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    edit: ClusterEdit,
    expected: ExpectedVersions,
  ): Promise<ClusterView> {
    const view = await this.database.transaction(async (tx) => {
      const before = await lockCluster(tx, actor, organizationId, clusterId);
      expected.assertIncludes(before.version);
      const after = edited(before, edit);
      const changes = differences(stateOf(before), stateOf(after));
      if (changes !== undefined) {
        await this.update(tx, organizationId, clusterId, after);
        await this.signals.announce(tx, { organizationId, clusterId }, 'cluster-changed');
        await this.audit.record(tx, {
          organizationId,
          ...auditedBy(actor),
          action: 'cluster_edit',
          target: { kind: 'cluster', id: clusterId, name: after.name },
          ...changes,
        });
      }
      return readCluster(tx, actor, organizationId, clusterId);
    });
    this.nudges.nudge(clusterId);
    return view;
  }

  /**
   * Lets a cluster start deployments, or only accept and queue them, or accept none. To the state it has already, nothing happens.
   *
   * @throws CLUSTERS.NOT_FOUND
   */
  async changeState(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    state: ClusterState,
  ): Promise<ClusterView> {
    const view = await this.database.transaction(async (tx) => {
      const before = await lockCluster(tx, actor, organizationId, clusterId);
      if (before.state !== state) await this.enter(tx, actor, organizationId, before, state);
      return readCluster(tx, actor, organizationId, clusterId);
    });
    this.nudges.nudge(clusterId);
    return view;
  }

  private async enter(
    tx: EntityManager,
    actor: Actor,
    organizationId: string,
    { id: clusterId, name, state: before }: EditableCluster,
    state: ClusterState,
  ): Promise<void> {
    await changesOf(
      tx,
      sql`update clusters set state = ${state}, version = version + 1
          where organization_id = ${organizationId} and id = ${clusterId}`,
    );
    await this.signals.announce(tx, { organizationId, clusterId }, 'cluster-changed');
    await this.audit.record(tx, {
      organizationId,
      ...auditedBy(actor),
      action: 'cluster_state_change',
      target: { kind: 'cluster', id: clusterId, name },
      before: { state: before },
      after: { state },
    });
  }

  /** The organization's row lock makes creations take turns, so that no race exceeds the limit. */
  private async countAnother(tx: EntityManager, organizationId: string): Promise<void> {
    const { clusters: limit } = await this.limits.hold(tx, organizationId);
    const [row] = await rowsOf(
      tx,
      sql<{ count: number }>`
        select count(*)::int as count from clusters where organization_id = ${organizationId} and deleted_at is null`,
    );
    if ((row?.count ?? 0) >= limit) throw ClusterErrors.LIMIT_REACHED.because(undefined, { limit });
  }

  private async insert(
    tx: EntityManager,
    cluster: ClusterOrder & { id: string; organizationId: string; createdBy: string },
  ): Promise<void> {
    const { id, organizationId, name, capacity, policy, access, createdBy } = cluster;
    await withFreeName(name, () =>
      changesOf(
        tx,
        sql`insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib,
                                  capacity_gpu_millis, policy, access, created_by)
            values (${id}, ${organizationId}, ${name}, ${nameKeyOf(name)}, ${capacity.cpuMillis}, ${capacity.memoryMib},
                    ${capacity.gpuMillis}, ${JSON.stringify(policy)}::jsonb, ${access}, ${createdBy})`,
      ),
    );
  }

  private async update(
    tx: EntityManager,
    organizationId: string,
    clusterId: string,
    { name, access, policy, capacity, pendingCapacity }: EditedCluster,
  ): Promise<void> {
    await withFreeName(name, () =>
      changesOf(
        tx,
        sql`update clusters
            set name = ${name}, name_key = ${nameKeyOf(name)}, access = ${access},
                policy = ${JSON.stringify(policy)}::jsonb, capacity_cpu_millis = ${capacity.cpuMillis},
                capacity_memory_mib = ${capacity.memoryMib}, capacity_gpu_millis = ${capacity.gpuMillis},
                pending_cpu_millis = ${pendingCapacity?.cpuMillis ?? null},
                pending_memory_mib = ${pendingCapacity?.memoryMib ?? null},
                pending_gpu_millis = ${pendingCapacity?.gpuMillis ?? null}, version = version + 1
            where organization_id = ${organizationId} and id = ${clusterId}`,
      ),
    );
  }
}

/** Names that look the same to a reader are the same: compatibility forms and case do not count. */
export function nameKeyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** @throws CLUSTERS.NAME_TAKEN when the statement would give a second cluster of the organization this name */
async function withFreeName(name: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (constraintOf(error) === 'clusters_name_unique') throw ClusterErrors.NAME_TAKEN.because(undefined, { name });
    throw error;
  }
}
