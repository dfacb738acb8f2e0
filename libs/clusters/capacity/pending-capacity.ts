import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, ResourceVector } from '#kernel';
import { AuditLog, systemActor } from '#audit';
import { type EntityManager, rowsOf, sql } from '#database';
import { type ClusterRef } from '#queue';

/** What a pass may plan with, once it has settled. */
export interface PlannableCapacity {
  /** At least what is allocated; no more than the smaller capacity that is pending. */
  readonly capacity: ResourceVector;
  /** A smaller capacity does not fit yet: nothing new starts until it does. */
  readonly isPending: boolean;
}

/** Which cluster, and the pass that has locked its row. */
interface LockedForPass extends ClusterRef {
  readonly passId: string;
}

interface AppliedRow {
  readonly name: string;
  readonly before: ResourceAmounts;
  readonly after: ResourceAmounts;
}

interface CapacityRow extends ResourceAmounts {
  readonly isPending: boolean;
}

/** A smaller capacity that waits until what is allocated fits. For passes: after settling, under the cluster's row lock. */
@Injectable()
export class PendingCapacity {
  constructor(private readonly audit: AuditLog) {}

  /** Lets what is pending take effect if it fits now, and says what may be planned with. What it changes is committed with the pass. */
  async apply(tx: EntityManager, pass: LockedForPass): Promise<PlannableCapacity> {
    await this.takeEffect(tx, pass);
    const [row] = await rowsOf(
      tx,
      sql<CapacityRow>`
        select pending_cpu_millis is not null as "isPending",
               greatest(least(capacity_cpu_millis, pending_cpu_millis), allocated_cpu_millis)::float8 as "cpuMillis",
               greatest(least(capacity_memory_mib, pending_memory_mib), allocated_memory_mib)::float8 as "memoryMib",
               greatest(least(capacity_gpu_millis, pending_gpu_millis), allocated_gpu_millis)::float8 as "gpuMillis"
        from clusters where organization_id = ${pass.organizationId} and id = ${pass.clusterId}`,
    );
    if (row === undefined) throw new Error('a locked cluster was not there to be read');
    return { capacity: ResourceVector.of(row), isPending: row.isPending };
  }

  private async takeEffect(tx: EntityManager, { organizationId, clusterId, passId }: LockedForPass): Promise<void> {
    const [applied] = await rowsOf(
      tx,
      sql<AppliedRow>`
        update clusters c
        set capacity_cpu_millis = c.pending_cpu_millis, capacity_memory_mib = c.pending_memory_mib,
            capacity_gpu_millis = c.pending_gpu_millis, pending_cpu_millis = null, pending_memory_mib = null,
            pending_gpu_millis = null, version = c.version + 1
        from clusters b
        where c.organization_id = ${organizationId} and c.id = ${clusterId} and b.organization_id = c.organization_id
          and b.id = c.id and c.allocated_cpu_millis <= c.pending_cpu_millis
          and c.allocated_memory_mib <= c.pending_memory_mib and c.allocated_gpu_millis <= c.pending_gpu_millis
        returning c.name,
          jsonb_build_object('cpuMillis', b.capacity_cpu_millis, 'memoryMib', b.capacity_memory_mib, 'gpuMillis', b.capacity_gpu_millis) as before,
          jsonb_build_object('cpuMillis', c.capacity_cpu_millis, 'memoryMib', c.capacity_memory_mib, 'gpuMillis', c.capacity_gpu_millis) as after`,
    );
    if (applied === undefined) return;
    await this.audit.record(tx, {
      organizationId,
      actor: systemActor('scheduler'),
      action: 'cluster_capacity_apply',
      target: { kind: 'cluster', id: clusterId, name: applied.name },
      before: { ...applied.before },
      after: { ...applied.after, passId },
    });
  }
}
