import { Injectable } from '@nestjs/common';

import { newId, type ResourceVector } from '#kernel';
import { AuditLog, type AuditRecord } from '#audit';
import { constraintOf, Database, type EntityManager } from '#database';
import { type ExpectedVersions } from '#http';
import { OrganizationLimits } from '#organizations';
import { ClusterSignals, Nudges, type ClusterRef } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { assertSome } from '../capacity/cluster-capacity.js';
import { ClusterErrors } from '../clusters.errors.js';
import { type PolicySettings } from '../policy/cluster-policy.js';
import {
  Cluster,
  type ClusterAccess,
  type ClusterEdit,
  type ClusterState,
  differences,
  nameKeyOf,
} from './cluster.entity.js';
import { type ClusterView, lockCluster, readCluster, readClusters } from './clusters.repository.js';

/** The input of a new cluster. */
export interface ClusterOrder {
  readonly name: string;
  readonly capacity: ResourceVector;
  readonly policy: PolicySettings;
  readonly access: ClusterAccess;
}

/** Clusters: capacity, policy, and whether deployments start there. Passes alone write what is allocated. */
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
    const { name, capacity, policy, access } = order;
    assertSome(capacity);
    const id = newId();
    return this.database.transaction(async (tx) => {
      const { clusters: limit } = await this.limits.lock(tx, organizationId);
      if ((await tx.count(Cluster, { organizationId, deletedAt: null })) >= limit) {
        throw ClusterErrors.LIMIT_REACHED.because(undefined, { limit });
      }
      const cluster = tx.create(Cluster, {
        ...{ id, organizationId, name, nameKey: nameKeyOf(name), policy, access },
        createdBy: actor.id,
        capacityCpuMillis: capacity.cpuMillis,
        capacityMemoryMib: capacity.memoryMib,
        capacityGpuMillis: capacity.gpuMillis,
      });
      await flushUnderFreeName(tx, name);
      await this.record(tx, actor, cluster, 'cluster_create', { after: cluster.auditState() });
      return readCluster(tx, actor, { organizationId, clusterId: id });
    });
  }

  /** @throws CLUSTERS.NOT_FOUND */
  async read(actor: Actor, ref: ClusterRef): Promise<ClusterView> {
    return readCluster(this.database.reader(), actor, ref);
  }

  /** The clusters of an organization that the actor sees, newest first, after the one that is named. */
  async list(actor: Actor, organizationId: string, take: number, after: string | undefined): Promise<ClusterView[]> {
    return readClusters(this.database.reader(), actor, organizationId, { take, after });
  }

  /**
   * Renames, resizes, opens or restricts a cluster, or changes its policy; all of it or nothing. An edit that changes nothing leaves no trace.
   *
   * @throws CLUSTERS.NOT_FOUND, CLUSTERS.NAME_TAKEN, CLUSTERS.CAPACITY_EMPTY, CLUSTERS.CAPACITY_IN_USE, REQUEST.PRECONDITION_FAILED
   */
  async edit(actor: Actor, ref: ClusterRef, edit: ClusterEdit, expected: ExpectedVersions): Promise<ClusterView> {
    return this.change(actor, ref, 'cluster_edit', (cluster) => {
      expected.assertIncludes(cluster.version);
      const before = cluster.auditState();
      cluster.edit(edit);
      return differences(before, cluster.auditState());
    });
  }

  /**
   * Cordons, drains or uncordons a cluster. Its own state changes nothing.
   *
   * @throws CLUSTERS.NOT_FOUND
   */
  async changeState(actor: Actor, ref: ClusterRef, state: ClusterState): Promise<ClusterView> {
    return this.change(actor, ref, 'cluster_state_change', (cluster) => {
      const before = { state: cluster.state };
      cluster.changeState(state);
      return differences(before, { state });
    });
  }

  /** Changes a cluster under its lock; what `apply` returns is recorded, and announced to passes. */
  private async change(
    actor: Actor,
    ref: ClusterRef,
    action: string,
    apply: (cluster: Cluster) => Pick<AuditRecord, 'before' | 'after'> | undefined,
  ): Promise<ClusterView> {
    const view = await this.database.transaction(async (tx) => {
      const cluster = await lockCluster(tx, actor, ref);
      const changes = apply(cluster);
      if (changes !== undefined) {
        await flushUnderFreeName(tx, cluster.name);
        await this.signals.announce(tx, ref, 'cluster-changed');
        await this.record(tx, actor, cluster, action, changes);
      }
      return readCluster(tx, actor, ref);
    });
    this.nudges.nudge(ref.clusterId);
    return view;
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    { organizationId, id, name }: Cluster,
    action: string,
    change: Pick<AuditRecord, 'before' | 'after'>,
  ): Promise<void> {
    const target = { kind: 'cluster', id, name };
    await this.audit.record(tx, { organizationId, ...auditedBy(actor), action, target, ...change });
  }
}

/** Flushes a cluster with a name. @throws CLUSTERS.NAME_TAKEN when another cluster of the organization has the name */
async function flushUnderFreeName(tx: EntityManager, name: string): Promise<void> {
  try {
    await tx.flush();
  } catch (error) {
    if (constraintOf(error) === 'clusters_name_unique') throw ClusterErrors.NAME_TAKEN.because(undefined, { name });
    throw error;
  }
}
