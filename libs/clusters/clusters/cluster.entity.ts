import { MAX_CAPACITY, type ResourceAmounts, RESOURCES, ResourceVector } from '#kernel';
import { type AuditState } from '#audit';
import { databaseTime, defineEntity, p, timestamptz } from '#database';

import { assertSome, inUse } from '../capacity/cluster-capacity.js';
import { merged, type PolicySettings } from '../policy/cluster-policy.js';

/** The states of a cluster: starts what fits; accepts but starts nothing; refuses new deployments too. */
export const CLUSTER_STATES = ['active', 'cordoned', 'draining'] as const;

export type ClusterState = (typeof CLUSTER_STATES)[number];

/** The visibility of a cluster: to every member of the organization, or only to its admins and the members on the cluster's list. */
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
    createdAt: timestamptz.defaultRaw('now()'),
    version: p.integer().version(),
    deletedAt: timestamptz.nullable(),
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

/** The changes of an edit; absent fields stay. */
export interface ClusterEdit {
  readonly name?: string;
  /** Absent resources stay as they are, or as the pending capacity has them. */
  readonly capacity?: Partial<ResourceAmounts>;
  /** A capacity below what is allocated waits until it fits, instead of being refused. */
  readonly whenFree?: boolean;
  /** Absent fields stay. */
  readonly policy?: PolicySettings;
  readonly access?: ClusterAccess;
}

/**
 * Named capacity of one organization. `allocated` is written by the ledger only, inside a pass. `pending...` is a smaller capacity that
 * takes effect when what is allocated fits. A deleted cluster keeps its row, because its history refers to it.
 */
export class Cluster extends ClusterSchema.class {
  capacity(): ResourceVector {
    return vector(this.capacityCpuMillis, this.capacityMemoryMib, this.capacityGpuMillis);
  }

  pendingCapacity(): ResourceVector | null {
    const { pendingCpuMillis: cpu = null, pendingMemoryMib: memory = null, pendingGpuMillis: gpu = null } = this;
    return cpu === null || memory === null || gpu === null ? null : vector(cpu, memory, gpu);
  }

  allocated(): ResourceVector {
    return vector(this.allocatedCpuMillis, this.allocatedMemoryMib, this.allocatedGpuMillis);
  }

  /** @throws CLUSTERS.CAPACITY_EMPTY, CLUSTERS.CAPACITY_IN_USE */
  edit({ name, capacity, whenFree = false, policy, access }: ClusterEdit): void {
    if (name !== undefined) this.rename(name);
    if (access !== undefined) this.access = access;
    if (policy !== undefined) this.policy = merged(this.policy, policy);
    if (capacity !== undefined) this.changeCapacity(capacity, whenFree);
  }

  rename(name: string): void {
    this.name = name;
    this.nameKey = nameKeyOf(name);
  }

  /**
   * Takes effect at once where what is allocated fits; otherwise, with `whenFree`, the capacity is pending until it does. It replaces the
   * pending capacity.
   *
   * @throws CLUSTERS.CAPACITY_EMPTY, CLUSTERS.CAPACITY_IN_USE with the numbers
   */
  changeCapacity(change: Partial<ResourceAmounts>, whenFree: boolean): void {
    const base = this.pendingCapacity() ?? this.capacity();
    const wanted = ResourceVector.from((resource) => change[resource] ?? base[resource]);
    assertSome(wanted);
    const fits = this.allocated().fitsIn(wanted);
    if (!fits && !whenFree) throw inUse(wanted, this.allocated());
    if (fits) {
      this.capacityCpuMillis = wanted.cpuMillis;
      this.capacityMemoryMib = wanted.memoryMib;
      this.capacityGpuMillis = wanted.gpuMillis;
    }
    this.pendingCpuMillis = fits ? null : wanted.cpuMillis;
    this.pendingMemoryMib = fits ? null : wanted.memoryMib;
    this.pendingGpuMillis = fits ? null : wanted.gpuMillis;
  }

  /** Cordons, drains or uncordons the cluster. */
  changeState(state: ClusterState): void {
    this.state = state;
  }

  /** Frees the name; the history stays. */
  delete(): void {
    this.deletedAt = databaseTime();
  }

  /** The fields that an edit can change, flat, as the audit log shows them. */
  auditState(): AuditState {
    const pending = this.pendingCapacity();
    const settings = Object.entries(this.policy).flatMap(([field, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value as object).map(([role, limit]) => [`policy.${field}.${role}`, limit] as const)
        : [[`policy.${field}`, value] as const],
    );
    return {
      name: this.name,
      access: this.access,
      ...this.capacity().toAmounts(),
      ...Object.fromEntries(RESOURCES.map((resource) => [`pending.${resource}`, pending?.[resource] ?? null])),
      ...Object.fromEntries(settings),
    };
  }
}
ClusterSchema.setClass(Cluster);

export { ClusterSchema };

/** The key of a name: names that look the same to a reader are the same, so compatibility forms and case do not count. */
export function nameKeyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** The fields in which two states differ, with the value of each; undefined when there is none. */
export function differences(
  before: AuditState,
  after: AuditState,
): { readonly before: AuditState; readonly after: AuditState } | undefined {
  const fields = Object.keys({ ...before, ...after }).filter((field) => before[field] !== after[field]);
  if (fields.length === 0) return undefined;
  const pick = (state: AuditState): AuditState =>
    Object.fromEntries(fields.filter((field) => field in state).map((field) => [field, state[field]]));
  return { before: pick(before), after: pick(after) };
}

function vector(cpuMillis: number, memoryMib: number, gpuMillis: number): ResourceVector {
  return ResourceVector.of({ cpuMillis, memoryMib, gpuMillis });
}
