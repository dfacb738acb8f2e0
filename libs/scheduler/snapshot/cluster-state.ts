import { type ResourceAmounts } from '#kernel';
import { type ClusterPolicy, policyOf, type PolicySettings } from '#clusters';
import { sql } from '#database';
import { type ClusterStop } from '#packing';

/** What the row of a cluster says of what may be planned there. */
export interface ClusterState {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly state: string;
  readonly policy: ClusterPolicy;
  readonly capacity: ResourceAmounts;
  /** A smaller capacity, which waits until what is allocated fits. */
  readonly pendingCapacity: ResourceAmounts | null;
  readonly allocated: ResourceAmounts;
  /** The database's time. */
  readonly nowMs: number;
}

/** The columns of `clusters` that make a {@link ClusterState}. */
export interface ClusterRow {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly state: string;
  readonly policy: PolicySettings;
  readonly nowMs: number;
  readonly capacityCpu: number;
  readonly capacityMemory: number;
  readonly capacityGpu: number;
  readonly pendingCpu: number | null;
  readonly pendingMemory: number | null;
  readonly pendingGpu: number | null;
  readonly allocatedCpu: number;
  readonly allocatedMemory: number;
  readonly allocatedGpu: number;
}

/** Those columns, for a select list. */
export const CLUSTER_COLUMNS = sql`
  organization_id as "organizationId", id as "clusterId", state, policy,
  floor(extract(epoch from statement_timestamp()) * 1000)::float8 as "nowMs",
  capacity_cpu_millis::float8 as "capacityCpu", capacity_memory_mib::float8 as "capacityMemory",
  capacity_gpu_millis::float8 as "capacityGpu", pending_cpu_millis::float8 as "pendingCpu",
  pending_memory_mib::float8 as "pendingMemory", pending_gpu_millis::float8 as "pendingGpu",
  allocated_cpu_millis::float8 as "allocatedCpu", allocated_memory_mib::float8 as "allocatedMemory",
  allocated_gpu_millis::float8 as "allocatedGpu"`;

/** What a row says. */
export function stateOf(row: ClusterRow): ClusterState {
  const { organizationId, clusterId, state, nowMs, pendingCpu, pendingMemory, pendingGpu } = row;
  const isPending = pendingCpu !== null && pendingMemory !== null && pendingGpu !== null;
  return {
    organizationId,
    clusterId,
    state,
    policy: policyOf(row.policy),
    nowMs,
    capacity: { cpuMillis: row.capacityCpu, memoryMib: row.capacityMemory, gpuMillis: row.capacityGpu },
    pendingCapacity: isPending ? { cpuMillis: pendingCpu, memoryMib: pendingMemory, gpuMillis: pendingGpu } : null,
    allocated: { cpuMillis: row.allocatedCpu, memoryMib: row.allocatedMemory, gpuMillis: row.allocatedGpu },
  };
}

/** Why nothing starts in a cluster of this state; empty where something may. */
export function stopsOf(state: string): ClusterStop[] {
  if (state === 'active') return [];
  return [state === 'draining' ? 'DRAINING' : 'CORDONED'];
}
