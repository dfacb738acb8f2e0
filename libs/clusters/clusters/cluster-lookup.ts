import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, ResourceVector } from '#kernel';
import { Database, type EntityManager, preparedRowsOf, rowsOf, sql } from '#database';
import { type Actor } from '#rbac';

import { type ClusterState } from './cluster.entity.js';
import { grantable } from '../capacity/cluster-capacity.js';
import { policyOf, type PolicySettings, type SubmissionPolicy } from '../policy/cluster-policy.js';
import { visibleClusters } from './cluster-visibility.js';
import { ClusterErrors } from '../clusters.errors.js';

/** A cluster that is there, or was. */
export interface KnownCluster {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly isDeleted: boolean;
  readonly capacity: ResourceVector;
}

/** A cluster as a submission must know it. */
export interface AdmittingCluster extends Omit<KnownCluster, 'name' | 'capacity'> {
  readonly state: ClusterState;
  /** The most that one deployment may ever be given here. */
  readonly grantable: ResourceVector;
  readonly policy: SubmissionPolicy;
}

interface KnownRow extends ResourceAmounts {
  readonly name: string;
  readonly isDeleted: boolean;
}

interface AdmissionRow extends Omit<KnownRow, 'name'> {
  readonly policy: PolicySettings;
  readonly state: ClusterState;
  readonly pendingCpuMillis: number | null;
  readonly pendingMemoryMib: number | null;
  readonly pendingGpuMillis: number | null;
}

/** What other libs ask before they do something in a cluster, or show something of it. */
@Injectable()
export class ClusterLookup {
  constructor(private readonly database: Database) {}

  /**
   * Reads a cluster for those who show something of its history: passes, ledger, usage. Deleted clusters keep theirs.
   *
   * @throws CLUSTERS.NOT_FOUND when there never was such a cluster, or it is not visible to the actor
   */
  async read(actor: Actor, organizationId: string, clusterId: string): Promise<KnownCluster> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<KnownRow>`
        select c.name, c.deleted_at is not null as "isDeleted", c.capacity_cpu_millis::float8 as "cpuMillis",
               c.capacity_memory_mib::float8 as "memoryMib", c.capacity_gpu_millis::float8 as "gpuMillis"
        from clusters c
        where c.organization_id = ${organizationId} and c.id = ${clusterId}
          and ${visibleClusters(actor, organizationId, 'c.id')}`,
    );
    if (row === undefined) throw ClusterErrors.NOT_FOUND.because();
    return {
      id: clusterId,
      organizationId,
      name: row.name,
      isDeleted: row.isDeleted,
      capacity: ResourceVector.of(row),
    };
  }

  /** The clusters of an organization that an actor does not see, for what goes on for longer than one statement. */
  async hidden(actor: Actor, organizationId: string): Promise<ReadonlySet<string>> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<{ id: string }>`
        select c.id from clusters c
        where c.organization_id = ${organizationId} and c.access = 'restricted'
          and not (${visibleClusters(actor, organizationId, 'c.id')})`,
    );
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Reads a cluster for a submission, and keeps it from being deleted until `tx` ends, by the lock that the submission's foreign key takes
   * anyway. Neither a pass nor an edit is waited for.
   *
   * @throws CLUSTERS.NOT_FOUND when there never was such a cluster, or it is not visible to the actor
   */
  async admit(tx: EntityManager, actor: Actor, organizationId: string, clusterId: string): Promise<AdmittingCluster> {
    const [row] = await preparedRowsOf(
      tx,
      sql<AdmissionRow>`
        select c.state, c.deleted_at is not null as "isDeleted", c.capacity_cpu_millis::float8 as "cpuMillis",
               c.capacity_memory_mib::float8 as "memoryMib", c.capacity_gpu_millis::float8 as "gpuMillis",
               c.pending_cpu_millis::float8 as "pendingCpuMillis", c.pending_memory_mib::float8 as "pendingMemoryMib",
               c.pending_gpu_millis::float8 as "pendingGpuMillis", c.policy
        from clusters c
        where c.organization_id = ${organizationId} and c.id = ${clusterId}
          and ${visibleClusters(actor, organizationId, 'c.id')}
        for key share of c`,
    );
    if (row === undefined) throw ClusterErrors.NOT_FOUND.because();
    const { state, isDeleted, cpuMillis, memoryMib, gpuMillis } = row;
    const capacity = ResourceVector.of({ cpuMillis, memoryMib, gpuMillis });
    return {
      id: clusterId,
      organizationId,
      state,
      isDeleted,
      grantable: grantable({ capacity, pendingCapacity: pendingOf(row) }),
      policy: policyOf(row.policy),
    };
  }

  /** What holds in a cluster for somebody who gives another priority to what waits there. */
  async policy(tx: EntityManager, organizationId: string, clusterId: string): Promise<SubmissionPolicy> {
    const [row] = await rowsOf(
      tx,
      sql<{ policy: PolicySettings }>`
        select policy from clusters where organization_id = ${organizationId} and id = ${clusterId}`,
    );
    return policyOf(row?.policy ?? {});
  }
}

function pendingOf({ pendingCpuMillis, pendingMemoryMib, pendingGpuMillis }: AdmissionRow): ResourceVector | null {
  if (pendingCpuMillis === null || pendingMemoryMib === null || pendingGpuMillis === null) return null;
  return ResourceVector.of({ cpuMillis: pendingCpuMillis, memoryMib: pendingMemoryMib, gpuMillis: pendingGpuMillis });
}
