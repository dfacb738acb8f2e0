import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, ResourceVector } from '#kernel';
import { Database, type EntityManager, preparedRowsOf, queries, sql, type TablesOf } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { Cluster, type ClusterSchema, type ClusterState } from './cluster.entity.js';
import { grantable } from '../capacity/cluster-capacity.js';
import { policyOf, type PolicySettings, type SubmissionPolicy } from '../policy/cluster-policy.js';
import { visibleClusters } from './cluster-visibility.js';
import { ClusterErrors } from '../clusters.errors.js';

/** A cluster that exists, or was deleted. */
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

const db = (em: EntityManager) => queries<TablesOf<typeof ClusterSchema>>(em);

interface AdmissionRow extends ResourceAmounts {
  readonly isDeleted: boolean;
  readonly policy: PolicySettings;
  readonly state: ClusterState;
  readonly pendingCpuMillis: number | null;
  readonly pendingMemoryMib: number | null;
  readonly pendingGpuMillis: number | null;
}

/** Looks clusters up for other libs, before they change or show something of one. */
@Injectable()
export class ClusterLookup {
  constructor(private readonly database: Database) {}

  /**
   * Reads a cluster before its history is shown: passes, ledger, usage. Deleted clusters keep theirs.
   *
   * @throws CLUSTERS.NOT_FOUND when there never was such a cluster, or it is not visible to the actor
   */
  async read(actor: Actor, { organizationId, clusterId }: ClusterRef): Promise<KnownCluster> {
    const em = this.database.reader();
    const row = await db(em)
      .selectFrom('clusters as c')
      .selectAll('c')
      .where('c.organization_id', '=', organizationId)
      .where('c.id', '=', clusterId)
      .where(visibleClusters(actor, organizationId, 'c.id'))
      .executeTakeFirst();
    if (row === undefined) throw ClusterErrors.NOT_FOUND.because();
    const cluster = em.map(Cluster, row);
    const { id, name, deletedAt = null } = cluster;
    return { id, organizationId, name, isDeleted: deletedAt !== null, capacity: cluster.capacity() };
  }

  /** The clusters of an organization that an actor does not see, for streams, which last longer than one statement. */
  async hidden(actor: Actor, organizationId: string): Promise<ReadonlySet<string>> {
    const rows = await db(this.database.reader())
      .selectFrom('clusters as c')
      .select('c.id')
      .where('c.organization_id', '=', organizationId)
      .where('c.access', '=', 'restricted')
      .where((eb) => eb.not(visibleClusters(actor, organizationId, 'c.id')))
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Reads a cluster for a submission, and keeps it from being deleted until `tx` ends, by the lock that the submission's foreign key takes
   * anyway. It waits for no pass and no edit.
   *
   * @throws CLUSTERS.NOT_FOUND when there never was such a cluster, or it is not visible to the actor
   */
  async admit(tx: EntityManager, actor: Actor, { organizationId, clusterId }: ClusterRef): Promise<AdmittingCluster> {
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
      grantable: grantable(capacity, pendingOf(row)),
      policy: policyOf(row.policy),
    };
  }

  /** The policy of a cluster for an edit of a priority. */
  async policy(tx: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<SubmissionPolicy> {
    const query = db(tx).selectFrom('clusters').select('policy').where('organization_id', '=', organizationId);
    const row = await query.where('id', '=', clusterId).executeTakeFirst();
    return policyOf(row?.policy ?? {});
  }
}

function pendingOf({ pendingCpuMillis, pendingMemoryMib, pendingGpuMillis }: AdmissionRow): ResourceVector | null {
  if (pendingCpuMillis === null || pendingMemoryMib === null || pendingGpuMillis === null) return null;
  return ResourceVector.of({ cpuMillis: pendingCpuMillis, memoryMib: pendingMemoryMib, gpuMillis: pendingGpuMillis });
}
