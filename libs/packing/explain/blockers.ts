import { type Resource, RESOURCES } from '#kernel';

import { asExpected, freeAt, type Allocation, allocationOf, allocationsOf } from '../planning/timeline.js';
import { toRow } from '../rows.js';
import { type Nomination, nominationsOf, type OwnedReservation, ownedReservation } from '../reservation.js';
import type { Plan, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import { type Competition, competitionOf } from './competition.js';
import { freeAfterStops, lastingNominations } from './after-stops.js';
import { keyOf, startsOf } from './places.js';

/** Why nothing at all starts in a cluster. */
export type ClusterStop = 'CORDONED' | 'DRAINING' | 'CAPACITY_PENDING';

/** Every code that a blocker may have. */
export const BLOCKER_CODES = [
  'CORDONED',
  'DRAINING',
  'CAPACITY_PENDING',
  'TOO_LARGE',
  'NOT_ENOUGH',
  'RESERVATION',
  'NOMINATED',
  'OUTRANKED',
  'SEARCH_LIMIT',
  'NEXT_PASS',
  'RETRY',
] as const;

/** One of {@link BLOCKER_CODES}. */
export type BlockerCode = (typeof BLOCKER_CODES)[number];

/** Why other deployments come first: it starts now; its priority is higher; it asks for less, at the same priority; it is the same, and older. */
export type OutrankedReason = 'starts-in-this-cycle' | 'higher-priority' | 'smaller' | 'older';

/** A resource of which a reservation leaves too little. */
export interface ReservedResource {
  readonly resource: Resource;
  readonly needed: number;
  /** What the reservation leaves to others: now where it is held, at its time where it is promised. */
  readonly available: number;
}

/** One reason why a deployment waits, with its numbers; each is true by itself, whatever the others are. */
export type Blocker =
  | { readonly code: ClusterStop }
  /** More than the whole cluster has: it can never start as things are. */
  | {
      readonly code: 'TOO_LARGE';
      readonly resource: Resource;
      readonly needed: number;
      readonly capacity: number;
      readonly exceeding: number;
    }
  /** More than is free once the plan has placed what it places. */
  | {
      readonly code: 'NOT_ENOUGH';
      readonly resource: Resource;
      readonly needed: number;
      readonly available: number;
      readonly missing: number;
    }
  /** It would delay a deployment that has waited long enough. */
  | {
      readonly code: 'RESERVATION';
      readonly id: string;
      readonly priority: number;
      readonly state: OwnedReservation['state'];
      /** When the other one starts at the latest (promised), or is expected to (gathering). */
      readonly untilMs: number;
      readonly resources: readonly ReservedResource[];
    }
  /** Victims have not stopped yet, and their resources are nominated: for others, or for itself. */
  | {
      readonly code: 'NOMINATED';
      /** True: it starts as soon as the victims that were preempted for it have stopped. */
      readonly isOwn: boolean;
      /** How many are nominated. */
      readonly deployments: number;
      /** When the last of their victims has stopped at the latest. */
      readonly untilMs: number;
      /** What the nominations of others leave too little of. */
      readonly resources: readonly ReservedResource[];
    }
  /** Others compete for what it is missing, and come first. */
  | {
      readonly code: 'OUTRANKED';
      readonly reason: OutrankedReason;
      readonly priority: number;
      readonly deployments: number;
    }
  /** The plan's search ended before it was proven that no more can start at this priority. */
  | {
      readonly code: 'SEARCH_LIMIT';
      readonly placed: number;
      readonly upperBound: number;
      /** Where utilization is the objective: how much more of the cluster another choice may use at most, in thousandths. */
      readonly gapThousandths?: number;
    }
  /** Nothing is in its way: the next pass looks at it. */
  | { readonly code: 'NEXT_PASS' }
  /** Its last attempt failed; it is back in the queue at a time. */
  | { readonly code: 'RETRY'; readonly untilMs: number };

/** What keeps those of a shape that a plan leaves waiting. */
export interface ShapeBlockers {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
  /** How many the plan leaves waiting. */
  readonly waiting: number;
  /** How many of them, the oldest, are nominated. */
  readonly nominated: number;
  /** What keeps the oldest of them. The owner of the reservation is not kept by it. */
  readonly blockers: readonly Blocker[];
}

/** What a blocker is judged by: a plan, and what it leaves. */
interface Scene {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly stops: readonly ClusterStop[];
  /** Free after the plan, below zero where more is in use than there is. */
  readonly free: readonly number[];
  readonly reserved: Reserved | null;
  /** Free after all victims have stopped, beside all nominations. */
  readonly unreserved: readonly number[];
  readonly nominations: readonly (Nomination & { readonly key: string })[];
  /** Nominations that survive the requeueing of preempted deployments, by the key of their shape. */
  readonly lastingNominations: ReadonlyMap<string, Nomination>;
  readonly competition: Competition;
}

interface Reserved {
  readonly owner: OwnedReservation;
  /** What it leaves to others; where it asks for nothing of a resource that is held, everything. */
  readonly limits: readonly number[];
}

/**
 * What keeps every shape that a plan leaves waiting: all of it, not the first thing found. Each shape takes about
 * (shapes of its priority) ** (2 / 3), and as long as the nominations take to read; how many wait does not matter.
 *
 * @param stops why nothing starts here, where that is so and the snapshot says `isCordoned`
 * @param isWanted which shapes are asked about (index into `snapshot.waiting`); left out: all of them
 */
export function blockersOf(
  snapshot: Snapshot,
  plan: Plan,
  stops: readonly ClusterStop[] = snapshot.isCordoned ? ['CORDONED'] : [],
  isWanted: (shape: number) => boolean = () => true,
): ShapeBlockers[] {
  const starts = startsOf(snapshot, plan);
  const nominations = nominationsOf(plan.reservations);
  const allocations = allocationsAfter(snapshot, plan);
  const scene: Scene = {
    snapshot,
    plan,
    stops,
    free: freeAt(snapshot, allocations, snapshot.nowMs),
    reserved: reservedAfter(snapshot, plan, allocations),
    unreserved: freeAfterStops(snapshot, plan, nominations),
    nominations: nominations.map((nomination) => ({ ...nomination, key: keyOf(nomination) })),
    lastingNominations: new Map(lastingNominations(snapshot, plan).map((one) => [keyOf(one), one])),
    competition: competitionOf(snapshot, starts),
  };
  return snapshot.waiting.flatMap((shape, index) => {
    const waiting = shape.count - starts[index]!;
    return waiting > 0 && isWanted(index) ? [toShapeBlockers(scene, index, waiting)] : [];
  });
}

/** Allocations once a plan is applied: victims are gone, or end within their grace. */
export function allocationsAfter(
  snapshot: Snapshot,
  { place, preempt }: Pick<Plan, 'place' | 'preempt'>,
): Allocation[] {
  const { running, waiting, nowMs, policy } = snapshot;
  const goneAtMs = new Map(
    preempt.map(({ group }) => {
      const isAtOnce = running[group]?.preemptible?.stopsAtOnce === true;
      return [group, isAtOnce ? nowMs : nowMs + policy.stopGraceSeconds * 1000];
    }),
  );
  const allocation = running.flatMap((group, index): RunningGroup[] => {
    const endsAtMs = goneAtMs.get(index);
    if (endsAtMs === undefined) return [group];
    return endsAtMs <= nowMs ? [] : [{ ...group, endsAtMs }];
  });
  const starts = place.map(({ shape, count }) => allocationOf(waiting[shape]!, count, nowMs));
  return [...allocationsOf(allocation, nowMs), ...starts];
}

function toShapeBlockers(scene: Scene, index: number, waiting: number): ShapeBlockers {
  const own = scene.lastingNominations.get(keyOf(scene.snapshot.waiting[index]!));
  const blockers = blockersOfShape(scene, index);
  if (own === undefined) return { shape: index, waiting, nominated: 0, blockers };
  const { count, untilMs } = own;
  const nomination: Blocker = { code: 'NOMINATED', isOwn: true, deployments: count, untilMs, resources: [] };
  return {
    shape: index,
    waiting,
    nominated: count,
    blockers: [nomination, ...blockers.filter(({ code }) => code !== 'NEXT_PASS')],
  };
}

function blockersOfShape(scene: Scene, index: number): Blocker[] {
  const { snapshot, plan, stops, free, competition } = scene;
  const shape = snapshot.waiting[index]!;
  const blockers: Blocker[] = stops.map((code) => ({ code }));
  const missing: Resource[] = [];
  let isTooLarge = false;
  const capacity = toRow(snapshot.capacity);
  for (const [row, needed] of toRow(shape.request).entries()) {
    const resource = RESOURCES[row]!;
    const whole = capacity[row]!;
    const left = free[row]!;
    if (needed > whole) {
      isTooLarge = true;
      blockers.push({ code: 'TOO_LARGE', resource, needed, capacity: whole, exceeding: needed - whole });
    } else if (needed > 0 && needed > left) {
      missing.push(resource);
      const available = Math.max(0, left);
      blockers.push({ code: 'NOT_ENOUGH', resource, needed, available, missing: needed - left });
    }
  }
  const nomination = nominationAgainst(scene, shape);
  const reservation = reservationAgainst(scene, shape, blockers.length > 0 || nomination !== null);
  if (reservation !== null) blockers.push(reservation);
  if (nomination !== null) blockers.push(nomination);
  if (!isTooLarge && missing.length > 0) {
    for (const ahead of competition.aheadOf(index, missing)) blockers.push({ code: 'OUTRANKED', ...ahead });
  }
  const level = plan.certificate.levels.find(({ priority }) => priority === shape.priority);
  if (!isTooLarge && level !== undefined && level.placed < level.upperBound) {
    const { placed, upperBound, utilization } = level;
    const gap = utilization === undefined ? {} : { gapThousandths: utilization.gapThousandths };
    blockers.push({ code: 'SEARCH_LIMIT', placed, upperBound, ...gap });
  }
  return blockers.length > 0 ? blockers : [{ code: 'NEXT_PASS' }];
}

/** What the reservation after a plan leaves to others. */
function reservedAfter(snapshot: Snapshot, plan: Plan, allocations: readonly Allocation[]): Reserved | null {
  const owner = ownedReservation(plan.reservations);
  if (owner === null) return null;
  const { state, request, untilMs } = owner;
  const seen = state === 'promised' ? allocations : asExpected(allocations, untilMs);
  const free = freeAt(snapshot, seen, untilMs);
  const limits = toRow(request).map((needed, row) => Math.max(0, free[row]! - needed));
  return { owner, limits };
}

/** Higher priorities leave a reservation alone only where that costs them nothing: for them it is a reason only where there is no other. */
function reservationAgainst(
  { snapshot, reserved }: Scene,
  shape: WaitingShape,
  isBlockedOtherwise: boolean,
): Blocker | null {
  if (reserved === null) return null;
  const { owner, limits } = reserved;
  const { id, priority, state, untilMs } = owner;
  if (shape.priority > priority && isBlockedOtherwise) return null;
  const { endsAtMs, expectedMs } = allocationOf(shape, 1, snapshot.nowMs);
  const endMs = state === 'promised' ? endsAtMs : expectedMs;
  if (endMs !== null && endMs <= untilMs) return null;
  const resources = toRow(shape.request).flatMap((needed, row): ReservedResource[] => {
    const available = limits[row]!;
    return needed > 0 && needed > available ? [{ resource: RESOURCES[row]!, needed, available }] : [];
  });
  if (resources.length === 0) return null;
  return { code: 'RESERVATION', id, priority, state, untilMs, resources };
}

/** Nominations of its own or a higher priority leave too little; to those of lower ones it does not yield. */
function nominationAgainst({ nominations, unreserved }: Scene, shape: WaitingShape): Blocker | null {
  const key = keyOf(shape);
  const others = nominations.filter((one) => one.priority >= shape.priority && one.key !== key);
  const resources = toRow(shape.request).flatMap((needed, row): ReservedResource[] => {
    const available = Math.max(0, unreserved[row]!);
    const isClaimed = others.some(({ request }) => toRow(request)[row]! > 0);
    return isClaimed && needed > available ? [{ resource: RESOURCES[row]!, needed, available }] : [];
  });
  if (resources.length === 0) return null;
  const deployments = others.reduce((sum, { count }) => sum + count, 0);
  const untilMs = others.reduce((latest, nomination) => Math.max(latest, nomination.untilMs), -Infinity);
  return { code: 'NOMINATED', isOwn: false, deployments, untilMs, resources };
}

/**
 * What keeps one deployment of a shape: what keeps the shape, without its own reservation, and with the older ones of its shape.
 *
 * @param older how many of the same shape the plan leaves waiting that are older
 */
export function blockersOfOne(
  { blockers, nominated }: Pick<ShapeBlockers, 'blockers' | 'nominated'>,
  { id, priority, older }: { readonly id: string; readonly priority: number; readonly older: number },
): Blocker[] {
  const own = blockers.filter(
    (blocker) =>
      (blocker.code !== 'RESERVATION' || blocker.id !== id) &&
      (blocker.code !== 'NOMINATED' || !blocker.isOwn || older < nominated),
  );
  const predecessors: Blocker[] =
    older > 0 ? [{ code: 'OUTRANKED', reason: 'older', priority, deployments: older }] : [];
  const all = [...own, ...predecessors];
  return all.length > 0 ? all : [{ code: 'NEXT_PASS' }];
}
