import { type Resource, type ResourceAmounts } from '#kernel';

import type { OutrankedReason, Blocker, ClusterStop, ReservedResource } from './blockers.js';
import type { TimeFormat } from './sentence.js';

/** A resource as people name it, with amounts in cores, MiB and devices. */
export type ResourceName = 'cpu' | 'memoryMib' | 'gpu';

const NAMES: Readonly<Record<Resource, { readonly name: ResourceName; readonly perUnit: number }>> = {
  cpuMillis: { name: 'cpu', perUnit: 1000 },
  memoryMib: { name: 'memoryMib', perUnit: 1 },
  gpuMillis: { name: 'gpu', perUnit: 1000 },
};

/** A resource of which others leave too little. */
export interface ReservedView {
  readonly resource: ResourceName;
  readonly needed: number;
  readonly available: number;
}

/** A blocker as it leaves the program: amounts in the units in which they are asked for, times in words. */
export type BlockerView =
  | { readonly code: ClusterStop | 'NEXT_PASS' }
  | {
      readonly code: 'TOO_LARGE';
      readonly resource: ResourceName;
      readonly needed: number;
      readonly capacity: number;
      readonly exceeding: number;
    }
  | {
      readonly code: 'NOT_ENOUGH';
      readonly resource: ResourceName;
      readonly needed: number;
      readonly available: number;
      readonly missing: number;
    }
  | {
      readonly code: 'RESERVATION';
      readonly id: string;
      readonly state: 'promised' | 'gathering';
      readonly promisedAt: string | null;
      readonly until: string | null;
      readonly resources: readonly ReservedView[];
    }
  | {
      readonly code: 'NOMINATED';
      readonly isOwn: boolean;
      readonly deployments: number;
      readonly until: string;
      readonly resources: readonly ReservedView[];
    }
  | {
      readonly code: 'OUTRANKED';
      readonly reason: OutrankedReason;
      readonly priority: number;
      readonly deployments: number;
    }
  | {
      readonly code: 'SEARCH_LIMIT';
      readonly placed: number;
      readonly upperBound: number;
      readonly gapThousandths?: number;
    }
  | { readonly code: 'RETRY'; readonly retryAt: string };

/** Stored units as people write them: 1500 millicores are 1.5. */
export function inUnits(resource: Resource, amount: number): number {
  return amount / NAMES[resource].perUnit;
}

/** Amounts as people write them. */
export function amountsInUnits(amounts: ResourceAmounts): Readonly<Record<ResourceName, number>> {
  const { cpuMillis, memoryMib, gpuMillis } = amounts;
  return { cpu: cpuMillis / 1000, memoryMib, gpu: gpuMillis / 1000 };
}

/** What is left too little of, in the units of the API. */
export function viewOfReserved({ resource, needed, available }: ReservedResource): ReservedView {
  return { resource: NAMES[resource].name, needed: inUnits(resource, needed), available: inUnits(resource, available) };
}

/** A blocker in the units of the API. */
export function viewOfBlocker(blocker: Blocker, time: TimeFormat): BlockerView {
  switch (blocker.code) {
    case 'TOO_LARGE': {
      const { code, resource, needed, capacity, exceeding } = blocker;
      const { name } = NAMES[resource];
      const [most, beyond] = [inUnits(resource, capacity), inUnits(resource, exceeding)];
      return { code, resource: name, needed: inUnits(resource, needed), capacity: most, exceeding: beyond };
    }
    case 'NOT_ENOUGH': {
      const { code, resource, needed, available, missing } = blocker;
      const { name } = NAMES[resource];
      const [free, short] = [inUnits(resource, available), inUnits(resource, missing)];
      return { code, resource: name, needed: inUnits(resource, needed), available: free, missing: short };
    }
    case 'RESERVATION': {
      const { code, id, state, untilMs, resources } = blocker;
      const isPromised = state === 'promised';
      return {
        code,
        id,
        state,
        promisedAt: isPromised ? time(untilMs) : null,
        until: isPromised ? null : time(untilMs),
        resources: resources.map(viewOfReserved),
      };
    }
    case 'NOMINATED': {
      const { code, isOwn, deployments, untilMs, resources } = blocker;
      return { code, isOwn, deployments, until: time(untilMs), resources: resources.map(viewOfReserved) };
    }
    case 'RETRY':
      return { code: 'RETRY', retryAt: time(blocker.untilMs) };
    case 'CORDONED':
    case 'DRAINING':
    case 'CAPACITY_PENDING':
    case 'NEXT_PASS':
    case 'OUTRANKED':
    case 'SEARCH_LIMIT':
      return blocker;
  }
}
