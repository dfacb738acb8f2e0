import { type Resource, RESOURCES, ResourceVector } from '#kernel';
import type { Plan, StandingReservation } from '#packing';

import type { Problem, QueuedDeployment } from './problem.js';

/** Why a deployment stays in the queue, with numbers. */
export type Blocker =
  | { readonly code: 'TOO_LARGE'; readonly resource: string; readonly needed: number; readonly capacity: number }
  | {
      readonly code: 'NOT_ENOUGH';
      readonly resource: string;
      readonly needed: number;
      readonly available: number;
      readonly missing: number;
    }
  | { readonly code: 'RESERVATION'; readonly id: string; readonly promisedAt: string | null };

/** What the command prints. */
export interface Answer {
  readonly place: readonly string[];
  readonly preempt: readonly string[];
  readonly reservation: ReservationAnswer | null;
  readonly certificate: Plan['certificate'];
  readonly waiting: readonly { readonly id: string; readonly blockers: readonly Blocker[] }[];
  readonly elapsedMs: number;
}

interface ReservationAnswer {
  readonly id: string;
  readonly promisedAt: string | null;
  readonly state: StandingReservation['state'];
  readonly since: string;
  readonly until: string | null;
}

const NAMES: Readonly<Record<Resource, { readonly name: string; readonly perUnit: number }>> = {
  cpuMillis: { name: 'cpu', perUnit: 1000 },
  memoryMib: { name: 'memoryMib', perUnit: 1 },
  gpuMillis: { name: 'gpu', perUnit: 1000 },
};

const toTime = (timeMs: number): string => new Date(timeMs).toISOString();

/** The plan in the terms of the problem: which deployments start, and what keeps the others. */
export function toAnswer(problem: Problem, plan: Plan, elapsedMs: number): Answer {
  const started = assign(problem, plan);
  const isStarted = new Set(started.map(({ id }) => id));
  const left = problem.members.flat().filter(({ id }) => !isStarted.has(id));
  const inUse = ResourceVector.sum([
    ...problem.snapshot.running.map(({ resources }) => resources),
    ...started.map(({ request }) => request),
  ]);
  const available = freeBeside(problem, inUse);
  return {
    place: started.map(({ id }) => id),
    preempt: [],
    reservation: plan.reservation === null ? null : toReservation(plan.reservation),
    certificate: plan.certificate,
    waiting: left.map((deployment) => ({
      id: deployment.id,
      blockers: blockersOf(problem, plan, available, deployment),
    })),
    elapsedMs,
  };
}

/** What is free; nothing of a resource of which more is in use than there is. */
function freeBeside({ snapshot: { capacity } }: Problem, inUse: ResourceVector): ResourceVector {
  const short = inUse.shortfallIn(capacity);
  return ResourceVector.of(capacity).plus(short).minus(inUse);
}

/** Of each placed shape the ones that the plan names, then the oldest. */
function assign({ members }: Problem, plan: Plan): QueuedDeployment[] {
  return plan.place.flatMap(({ shape, count, includes }) => {
    const group = members[shape] ?? [];
    const named = group.filter(({ id }) => includes.includes(id));
    const others = group.filter(({ id }) => !includes.includes(id));
    return [...named, ...others.slice(0, count - named.length)];
  });
}

function toReservation({ id, promisedAtMs, state, sinceMs, untilMs }: StandingReservation): ReservationAnswer {
  return {
    id,
    promisedAt: promisedAtMs === null ? null : toTime(promisedAtMs),
    state,
    since: toTime(sinceMs),
    until: untilMs === null ? null : toTime(untilMs),
  };
}

function blockersOf(
  { snapshot: { capacity } }: Problem,
  plan: Plan,
  available: ResourceVector,
  { id, request }: QueuedDeployment,
): Blocker[] {
  const inUnits = (resource: Resource, amount: number): number => amount / NAMES[resource].perUnit;
  const beyond = ResourceVector.of(request).shortfallIn(capacity);
  const short = ResourceVector.of(request).shortfallIn(available);
  const blockers = RESOURCES.flatMap((resource): Blocker[] => {
    const { name } = NAMES[resource];
    const needed = inUnits(resource, request[resource]);
    if (beyond[resource] > 0) {
      return [{ code: 'TOO_LARGE', resource: name, needed, capacity: inUnits(resource, capacity[resource]) }];
    }
    const missing = short[resource];
    if (missing === 0) return [];
    const free = inUnits(resource, available[resource]);
    return [{ code: 'NOT_ENOUGH', resource: name, needed, available: free, missing: inUnits(resource, missing) }];
  });
  const { reservation } = plan;
  if (blockers.length === 0 && reservation !== null && reservation.id !== id) {
    const promisedAt = reservation.promisedAtMs === null ? null : toTime(reservation.promisedAtMs);
    blockers.push({ code: 'RESERVATION', id: reservation.id, promisedAt });
  }
  return blockers;
}
