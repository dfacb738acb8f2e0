import type { ResourceAmounts } from '#kernel';

import type { PlanningPolicy, RunningGroup, Snapshot, StandingReservation, WaitingShape } from '../types.js';
import { compareAge, keyOf } from './places.js';

/** One waiting deployment of a problem. */
export interface QueuedDeployment {
  readonly id: string;
  readonly priority: number;
  readonly request: ResourceAmounts;
  readonly queuedAtMs: number;
  readonly maxRuntimeSeconds: number | null;
}

/** A cluster deployment by deployment, as people write it down. */
export interface WholeProblem {
  readonly capacity: ResourceAmounts;
  readonly nowMs: number;
  readonly policy: PlanningPolicy;
  readonly isCordoned: boolean;
  readonly running: readonly RunningGroup[];
  readonly queue: readonly QueuedDeployment[];
  readonly reservation: StandingReservation | null;
}

/** A problem in the planner's terms, and who is behind each shape, oldest first. */
export interface Problem {
  readonly snapshot: Snapshot;
  readonly members: readonly (readonly QueuedDeployment[])[];
}

/** Deployments with the same priority, request and runtime become one shape that names them all, oldest first. */
export function problemOf({ queue, ...rest }: WholeProblem): Problem {
  const members = groupByShape(queue);
  return { snapshot: { ...rest, waiting: members.map(toShape) }, members };
}

function groupByShape(queue: readonly QueuedDeployment[]): QueuedDeployment[][] {
  const groups = new Map<string, QueuedDeployment[]>();
  for (const deployment of queue) {
    const key = keyOf(deployment);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [deployment]);
    else group.push(deployment);
  }
  return Array.from(groups.values(), (group) => group.sort(compareAge));
}

function toShape(group: readonly QueuedDeployment[]): WaitingShape {
  const [oldest, ...followers] = group.map(({ id, queuedAtMs }) => ({ id, queuedAtMs }));
  const { priority, request, maxRuntimeSeconds } = group[0] as QueuedDeployment;
  if (oldest === undefined) throw new TypeError('a shape has at least one deployment');
  return { priority, request, maxRuntimeSeconds, count: group.length, oldest, followers };
}
