import { RESOURCES, type ResourceAmounts, ResourceVector } from '#kernel';

import { type ClusterAccess } from './cluster.entity.js';
import { resize } from '../capacity/cluster-capacity.js';
import { merged, type PolicySettings } from '../policy/cluster-policy.js';
import { type EditableCluster } from './clusters.repository.js';

/** What is to change of a cluster; what is left out stays. */
export interface ClusterEdit {
  readonly name?: string;
  /** Resources that are left out stay as they are, or as they are to become where a change is pending. */
  readonly capacity?: Partial<ResourceAmounts>;
  /** A capacity below what is allocated waits until it fits, instead of being refused. */
  readonly whenFree?: boolean;
  /** Fields that are left out stay. */
  readonly policy?: PolicySettings;
  readonly access?: ClusterAccess;
}

/** What an edit can reach. */
export type EditedCluster = Pick<EditableCluster, 'name' | 'access' | 'policy' | 'capacity' | 'pendingCapacity'>;

/**
 * What becomes of a cluster by an edit.
 *
 * @throws CLUSTERS.CAPACITY_EMPTY, CLUSTERS.CAPACITY_IN_USE
 */
export function edited(before: EditableCluster, edit: ClusterEdit): EditedCluster {
  const { name = before.name, access = before.access, policy = {}, capacity, whenFree = false } = edit;
  const base = before.pendingCapacity ?? before.capacity;
  const capacities =
    capacity === undefined
      ? { capacity: before.capacity, pendingCapacity: before.pendingCapacity }
      : resize(
          before,
          ResourceVector.from((resource) => capacity[resource] ?? base[resource]),
          whenFree,
        );
  return { name, access, policy: merged(before.policy, policy), ...capacities };
}

/** The fields of a cluster that an edit can reach, flat, as the audit log shows them. */
export function stateOf(cluster: EditedCluster): Readonly<Record<string, unknown>> {
  const { name, access, policy, capacity, pendingCapacity } = cluster;
  const pending = RESOURCES.map((resource) => [`pending.${resource}`, pendingCapacity?.[resource] ?? null] as const);
  const settings = Object.entries(policy).flatMap(([field, value]) =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([role, limit]) => [`policy.${field}.${role}`, limit] as const)
      : [[`policy.${field}`, value] as const],
  );
  return { name, access, ...capacity.toAmounts(), ...Object.fromEntries([...pending, ...settings]) };
}

type State = Readonly<Record<string, unknown>>;

/** The fields in which two states differ, with the value that each has of them; undefined when there is none. */
export function differences(
  before: State,
  after: State,
): { readonly before: State; readonly after: State } | undefined {
  const fields = Object.keys({ ...before, ...after }).filter((field) => before[field] !== after[field]);
  if (fields.length === 0) return undefined;
  const pick = (state: State): State =>
    Object.fromEntries(fields.filter((field) => field in state).map((field) => [field, state[field]]));
  return { before: pick(before), after: pick(after) };
}
