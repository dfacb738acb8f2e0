import { ResourceVector } from '#kernel';
import { sql } from '#database';

/** The capacity of a cluster, the capacity that waits until what is allocated fits, and what is allocated. */
export interface ClusterAmounts {
  readonly capacity: ResourceVector;
  readonly pendingCapacity: ResourceVector | null;
  readonly allocated: ResourceVector;
}

/** The columns of `clusters` of {@link ClusterAmounts}. */
export interface AmountsRow {
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

/** These columns of `clusters c`, for a select list. */
export const AMOUNT_COLUMNS = sql`
  c.capacity_cpu_millis::float8 as "capacityCpu", c.capacity_memory_mib::float8 as "capacityMemory",
  c.capacity_gpu_millis::float8 as "capacityGpu", c.pending_cpu_millis::float8 as "pendingCpu",
  c.pending_memory_mib::float8 as "pendingMemory", c.pending_gpu_millis::float8 as "pendingGpu",
  c.allocated_cpu_millis::float8 as "allocatedCpu", c.allocated_memory_mib::float8 as "allocatedMemory",
  c.allocated_gpu_millis::float8 as "allocatedGpu"`;

/** The amounts of a row. */
export function amountsIn(row: AmountsRow): ClusterAmounts {
  const { pendingCpu, pendingMemory, pendingGpu } = row;
  const isPending = pendingCpu !== null && pendingMemory !== null && pendingGpu !== null;
  return {
    capacity: vector(row.capacityCpu, row.capacityMemory, row.capacityGpu),
    pendingCapacity: isPending ? vector(pendingCpu, pendingMemory, pendingGpu) : null,
    allocated: vector(row.allocatedCpu, row.allocatedMemory, row.allocatedGpu),
  };
}

function vector(cpuMillis: number, memoryMib: number, gpuMillis: number): ResourceVector {
  return ResourceVector.of({ cpuMillis, memoryMib, gpuMillis });
}
