import { type FieldError, newId, type ResourceAmounts, ResourceVector } from '#kernel';
import { HOLDING_STATUSES, type WorkingDeployment } from '#deployments';
import { type Change, type Member, type PlanningPolicy, type ShapeOf } from '#packing';
import { amountsOf, type CurrentSnapshot } from '#scheduler';

import { WhatIfErrors } from './what-if.errors.js';

/** Imagined deployments. */
export interface Addition extends ShapeOf {
  readonly count: number;
}

/** What a waiting deployment would ask for; what is left out stays. */
export interface Amendment {
  readonly id: string;
  readonly request?: ResourceAmounts;
  readonly priority?: number;
  readonly maxRuntimeSeconds?: number | null;
}

/** What is to be different. */
export interface WhatIfRequest {
  readonly additions: readonly Addition[];
  readonly amendments: readonly Amendment[];
  /** These have ended, or left the queue. */
  readonly ended: readonly string[];
  readonly capacity: Partial<ResourceAmounts>;
  readonly policy: Partial<PlanningPolicy>;
  readonly isCordoned: boolean | null;
}

/** The most faults that one refusal lists. */
const MAX_ERRORS = 20;

/** A request whose deployments have been found, as the planner takes it. */
export interface Prepared {
  readonly present: CurrentSnapshot;
  readonly change: Change;
  readonly stops: CurrentSnapshot['stops'];
  readonly left: readonly Member[];
  /** The amendments, then the additions. */
  readonly came: readonly Member[];
  /** How many just like what an amended one would be are older: by id. */
  readonly elders: ReadonlyMap<string, number>;
}

/** @throws WHAT_IF.DEPLOYMENT_INVALID naming every one that the request cannot be about */
export function refuse({ amendments, ended }: WhatIfRequest, found: ReadonlyMap<string, WorkingDeployment>): void {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  const check = (id: string, pointer: string, statuses: readonly string[]): void => {
    const status = found.get(id)?.status;
    if (seen.has(id)) errors.push({ pointer, code: 'named-twice', message: 'may be named only once' });
    else if (status === undefined)
      errors.push({ pointer, code: 'not-found', message: 'is no deployment of this cluster' });
    else if (!statuses.includes(status))
      errors.push({ pointer, code: 'wrong-status', message: `must be ${statuses.join(' or ')}, and is ${status}` });
    seen.add(id);
  };
  amendments.forEach(({ id }, index) => check(id, `#/changes/${index}/id`, ['queued']));
  ended.forEach((id, index) => check(id, `#/ended/${index}`, ['queued', ...HOLDING_STATUSES]));
  if (errors.length > 0) throw WhatIfErrors.DEPLOYMENT_INVALID.because(undefined, {}, errors.slice(0, MAX_ERRORS));
}

/** @throws WHAT_IF.REQUEST_EMPTY */
export function refuseEmpty({ additions, amendments }: WhatIfRequest): void {
  const isEmpty = (request: ResourceAmounts | undefined): boolean =>
    request !== undefined && ResourceVector.of(request).isZero();
  const pointers = [
    ...additions.flatMap(({ request }, index) => (isEmpty(request) ? [`#/deployments/${index}/resources`] : [])),
    ...amendments.flatMap(({ request }, index) => (isEmpty(request) ? [`#/changes/${index}/resources`] : [])),
  ];
  if (pointers.length === 0) return;
  const errors = pointers.map((pointer) => ({ pointer, code: 'all-zero', message: 'must ask for something' }));
  throw WhatIfErrors.REQUEST_EMPTY.because(undefined, {}, errors.slice(0, MAX_ERRORS));
}

/** A waiting deployment as one that leaves a shape, or comes to it. */
export function toMember(one: WorkingDeployment): Member {
  const { id, queuedAtMs, priority, maxRuntimeSeconds } = one;
  const shape = {
    priority,
    request: amountsOf(one),
    maxRuntimeSeconds,
  };
  return { head: { id, queuedAtMs }, shape };
}

/** The same with what it would ask for. */
export function amended({ id, ...changes }: Amendment, found: ReadonlyMap<string, WorkingDeployment>): Member {
  const one = found.get(id);
  if (one === undefined) throw new RangeError('an amendment was not found after it was checked');
  const { head, shape } = toMember(one);
  return { head, shape: { ...shape, ...changes } };
}

/** Imagined deployments are younger than all that wait. Their ids are new. */
export function added({ additions }: WhatIfRequest, nowMs: number): Member[] {
  return additions.map(({ count, ...shape }) => ({ head: { id: newId(), queuedAtMs: nowMs }, shape, count }));
}

/**
 * How many of each running group have ended, of a list of deployments: of the group that is one of them alone, or else of one that they are
 * alike. Never more than a group has: of those that are over, some count as gone already.
 */
export function endedGroups(
  { holding, snapshot: { nowMs } }: CurrentSnapshot,
  ended: readonly WorkingDeployment[],
): { group: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const one of ended) {
    const isGone = one.status !== 'running' && one.endsAtMs !== null && one.endsAtMs <= nowMs;
    const holds = (HOLDING_STATUSES as readonly string[]).includes(one.status) && !isGone;
    const own = holding.findIndex((other) =>
      'id' in other ? other.id === one.id : other.expected?.ids.includes(one.id) === true,
    );
    const alike = holding.findIndex(
      (other, index) =>
        !('id' in other) &&
        (counts.get(index) ?? 0) < other.count &&
        other.priority === one.priority &&
        other.endsAtMs === one.endsAtMs &&
        other.cpuMillis === one.cpuMillis &&
        other.memoryMib === one.memoryMib &&
        other.gpuMillis === one.gpuMillis,
    );
    const group = own >= 0 ? own : alike;
    if (holds && group >= 0) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => ({ group, count }));
}
