import { MAX_CAPACITY, RESOURCES, ResourceVector } from '#kernel';
import { defineEntity, p } from '#database';

import { type PolicySettings } from '../policy/cluster-policy.js';

/** What a cluster does with its queue: starts what fits; accepts but starts nothing; refuses new deployments as well. */
export const CLUSTER_STATES = ['active', 'cordoned', 'draining'] as const;

export type ClusterState = (typeof CLUSTER_STATES)[number];

/** Who sees a cluster: every member of the organization, or only its admins and the members on the cluster's list. */
export const CLUSTER_ACCESS = ['organization', 'restricted'] as const;

export type ClusterAccess = (typeof CLUSTER_ACCESS)[number];

const column = { cpuMillis: 'cpu_millis', memoryMib: 'memory_mib', gpuMillis: 'gpu_millis' } as const;

const ClusterSchema = defineEntity({
  name: 'Cluster',
  tableName: 'clusters',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    name: p.text(),
    nameKey: p.text(),
    state: p.text().$type<ClusterState>().default('active'),
    capacityCpuMillis: p.bigint('number'),
    capacityMemoryMib: p.bigint('number'),
    capacityGpuMillis: p.bigint('number'),
    allocatedCpuMillis: p.bigint('number').defaultRaw('0'),
    allocatedMemoryMib: p.bigint('number').defaultRaw('0'),
    allocatedGpuMillis: p.bigint('number').defaultRaw('0'),
    pendingCpuMillis: p.bigint('number').nullable(),
    pendingMemoryMib: p.bigint('number').nullable(),
    pendingGpuMillis: p.bigint('number').nullable(),
    policy: p.json<PolicySettings>().columnType('jsonb').default('{}'),
    access: p.text().$type<ClusterAccess>().default('organization'),
    createdBy: p.uuid().columnType('uuid'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    version: p.integer().default(1),
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  checks: [
    {
      name: 'clusters_state_check',
      expression: `state in (${CLUSTER_STATES.map((state) => `'${state}'`).join(', ')})`,
    },
    ...RESOURCES.map((resource) => ({
      name: `clusters_${column[resource]}_check`,
      expression: `allocated_${column[resource]} >= 0 and allocated_${column[resource]} <= capacity_${column[resource]} and capacity_${column[resource]} <= ${MAX_CAPACITY}`,
    })),
    {
      name: 'clusters_capacity_check',
      expression: 'capacity_cpu_millis > 0 or capacity_memory_mib > 0 or capacity_gpu_millis > 0',
    },
    {
      name: 'clusters_access_check',
      expression: `access in (${CLUSTER_ACCESS.map((access) => `'${access}'`).join(', ')})`,
    },
    {
      name: 'clusters_pending_check',
      expression: 'num_nonnulls(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) in (0, 3)',
    },
    {
      name: 'clusters_pending_range_check',
      expression: `least(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) >= 0 and greatest(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) >= 1 and greatest(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) <= ${MAX_CAPACITY}`,
    },
  ],
  uniques: [{ name: 'clusters_tenant_unique', properties: ['organizationId', 'id'] }],
  indexes: [
    {
      name: 'clusters_name_unique',
      expression:
        'create unique index "clusters_name_unique" on "clusters" ("organization_id", "name_key") where deleted_at is null',
    },
  ],
});

/**
 * Named capacity of one organization. `allocated` is written by the ledger only, inside a pass. `pending...` is a smaller capacity that
 * takes effect when what is allocated fits. A deleted cluster keeps its row, because its history refers to it.
 */
export class Cluster extends ClusterSchema.class {
  get capacity(): ResourceVector {
    return ResourceVector.of({
      cpuMillis: this.capacityCpuMillis,
      memoryMib: this.capacityMemoryMib,
      gpuMillis: this.capacityGpuMillis,
    });
  }

  get allocated(): ResourceVector {
    return ResourceVector.of({
      cpuMillis: this.allocatedCpuMillis,
      memoryMib: this.allocatedMemoryMib,
      gpuMillis: this.allocatedGpuMillis,
    });
  }

  /** Capacity minus allocated: never negative, because the database refuses the opposite. */
  get available(): ResourceVector {
    return this.capacity.minus(this.allocated);
  }
}
ClusterSchema.setClass(Cluster);

export { ClusterSchema };
