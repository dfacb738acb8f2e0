import type { ResourceAmounts } from '#kernel';

import { expectEndMs } from '../planning/expectation.js';
import type { Range } from '../policy.js';
import type { PlanningPolicy, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import type { OwnedReservation, Reservation } from '../reservation.js';
import { keyOf } from './places.js';
import { compareAge } from '../rows.js';

/** What a problem may say, in a file as to the service. What it says of a policy: PLANNING_LIMITS; of amounts: MAX_REQUEST, MAX_CAPACITY. */
export const PROBLEM_LIMITS = {
  /** Of an id, which is any text, in code points. */
  idLength: { min: 1, max: 200 },
  priority: { min: 0, max: 100 },
  /** Up to ten years. */
  maxRuntimeSeconds: { min: 1, max: 10 * 366 * 86_400 },
  preemptions: { min: 0, max: Number.MAX_SAFE_INTEGER },
  /** From 1970 up to the first moment of 9900: runtimes of years are added to times, and what comes of it must be a time that can be written down. */
  timeMs: { min: 0, max: 250_246_627_200_000 },
} as const satisfies Readonly<Record<string, Range>>;

/** One waiting deployment of a problem. */
export interface QueuedDeployment {
  readonly id: string;
  readonly priority: number;
  readonly request: ResourceAmounts;
  readonly queuedAtMs: number;
  readonly maxRuntimeSeconds: number | null;
}

/** One running deployment of a problem. */
export interface RunningDeployment {
  readonly id: string;
  readonly priority: number;
  readonly resources: ResourceAmounts;
  readonly startedAtMs: number;
  readonly maxRuntimeSeconds: number | null;
  readonly isPreemptible: boolean;
  readonly preemptions: number;
}

/** What runs, in the planner's terms. Whatever is said to run has been started, and stops within the policy's grace. */
export function runningOf(one: RunningDeployment, nowMs: number): RunningGroup {
  const { id, priority, resources, startedAtMs, maxRuntimeSeconds, isPreemptible, preemptions } = one;
  const endsAtMs = maxRuntimeSeconds === null ? null : startedAtMs + maxRuntimeSeconds * 1000;
  const expectedEndMs = endsAtMs ?? expectEndMs(startedAtMs, nowMs);
  const group = { priority, resources, count: 1, endsAtMs, expectedEndMs };
  if (!isPreemptible) return group;
  return { ...group, preemptible: { id, sinceMs: startedAtMs, preemptions, stopsAtOnce: false } };
}

/** A cluster deployment by deployment, as people write it down. */
export interface WholeProblem {
  readonly capacity: ResourceAmounts;
  readonly nowMs: number;
  readonly policy: PlanningPolicy;
  readonly isCordoned: boolean;
  readonly running: readonly RunningGroup[];
  readonly queue: readonly QueuedDeployment[];
  readonly reservations: readonly Reservation[];
}

/** A reservation as people write it down: the rest is known from its deployment, or by default. */
export interface ReservationStatement {
  readonly id: string;
  /** Given: it is promised. */
  readonly promisedAtMs: number | null;
  readonly sinceMs: number | null;
  /** Where nothing is promised: when what is gathered for it is expected to suffice; now when left out. */
  readonly untilMs: number | null;
}

/** The reservation that a statement means; none where its deployment no longer waits. */
export function reservationOf(
  { id, promisedAtMs, ...stated }: ReservationStatement,
  queue: readonly QueuedDeployment[],
  nowMs: number,
): OwnedReservation[] {
  const owner = queue.find((deployment) => deployment.id === id);
  if (owner === undefined) return [];
  const { priority, request, maxRuntimeSeconds } = owner;
  const state = promisedAtMs !== null ? 'promised' : 'gathering';
  const sinceMs = stated.sinceMs ?? nowMs;
  const untilMs = promisedAtMs ?? stated.untilMs ?? nowMs;
  return [{ id, priority, request, maxRuntimeSeconds, count: 1, state, sinceMs, untilMs }];
}

/** A problem in the planner's terms, and the deployments of each shape, oldest first. */
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
  const { priority, request, maxRuntimeSeconds } = group[0]!;
  if (oldest === undefined) throw new TypeError('a shape has at least one deployment');
  return { priority, request, maxRuntimeSeconds, count: group.length, oldest, followers };
}
