import { ResourceVector } from '#kernel';
import { type ClusterPolicy, policyOf, type PolicySettings } from '#clusters';
import { type EntityManager, rowsOf, sql } from '#database';

/** A cluster whose row the transaction has locked: nobody else passes over it, resizes it or changes its state meanwhile. */
export interface LockedCluster {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly isCordoned: boolean;
  readonly policy: ClusterPolicy;
  /** A smaller capacity waits until what is allocated fits. */
  readonly hasPendingCapacity: boolean;
  readonly capacity: ResourceVector;
  readonly allocated: ResourceVector;
  /** The database's time at the start of the pass. */
  readonly nowMs: number;
}

interface Row {
  readonly organizationId: string;
  readonly state: string;
  readonly policy: PolicySettings;
  readonly hasPendingCapacity: boolean;
  readonly nowMs: number;
  readonly capacityCpu: number;
  readonly capacityMemory: number;
  readonly capacityGpu: number;
  readonly allocatedCpu: number;
  readonly allocatedMemory: number;
  readonly allocatedGpu: number;
}

/**
 * Locks a cluster for a pass, or says that another one is at work there, or that it is gone.
 *
 * `NO KEY`: a submission's foreign key needs the cluster's key to stay as it is, and must not wait for us. `SKIP LOCKED`: whoever holds
 * the lock will look for signals again when it is done.
 */
export async function lockCluster(tx: EntityManager, clusterId: string): Promise<LockedCluster | 'busy' | 'gone'> {
  const [row] = await rowsOf(
    tx,
    sql<Row>`
      select organization_id as "organizationId", state, policy, pending_cpu_millis is not null as "hasPendingCapacity", extract(epoch from statement_timestamp())::float8 * 1000 as "nowMs",
             capacity_cpu_millis::float8 as "capacityCpu", capacity_memory_mib::float8 as "capacityMemory",
             capacity_gpu_millis::float8 as "capacityGpu", allocated_cpu_millis::float8 as "allocatedCpu",
             allocated_memory_mib::float8 as "allocatedMemory", allocated_gpu_millis::float8 as "allocatedGpu"
      from clusters where id = ${clusterId} for no key update skip locked`,
  );
  if (row === undefined) {
    const exists = await rowsOf(tx, sql`select 1 from clusters where id = ${clusterId}`);
    return exists.length > 0 ? 'busy' : 'gone';
  }
  const { capacityCpu, capacityMemory, capacityGpu, allocatedCpu, allocatedMemory, allocatedGpu } = row;
  return {
    organizationId: row.organizationId,
    clusterId,
    isCordoned: row.state !== 'active',
    policy: policyOf(row.policy),
    hasPendingCapacity: row.hasPendingCapacity,
    nowMs: Math.floor(row.nowMs),
    capacity: ResourceVector.of({ cpuMillis: capacityCpu, memoryMib: capacityMemory, gpuMillis: capacityGpu }),
    allocated: ResourceVector.of({ cpuMillis: allocatedCpu, memoryMib: allocatedMemory, gpuMillis: allocatedGpu }),
  };
}
