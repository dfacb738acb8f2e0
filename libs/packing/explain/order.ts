import { type Resource, RESOURCES } from '#kernel';

import { candidatesOf } from '../planning/candidates.js';
import { type Measure, measureOf, unitsOf } from '../planning/measure.js';
import { shapeNominations } from '../planning/nominations.js';
import { plan } from '../planning/plan.js';
import { exceedsCapacity, compareAge } from '../rows.js';
import { freeAt, allocationOf, allocationsOf } from '../planning/timeline.js';
import type { PreemptionCertificate, Plan, PlanOptions, Snapshot, WaitingMember, WaitingShape } from '../types.js';
import { type Blocker, blockersOf } from './blockers.js';
import { changed } from './change.js';
import { isSameShape, nominationsOf } from '../reservation.js';
import { isSame } from './places.js';

/** One of two deployments that are compared. */
export interface Competitor extends WaitingMember {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
}

/** Why one started and the other did not, in the order in which it is decided, with the numbers that decided it. */
export type OrderRule =
  /** It had the cluster's reservation, and there was room. */
  | { readonly rule: 'reservation' }
  /** Others had been stopped to make room for it, since then. */
  | { readonly rule: 'nominated'; readonly sinceMs: number }
  /** Running deployments were stopped for its shape, of which `starts` start; the other one's priority is not above all of theirs. */
  | {
      readonly rule: 'preempted';
      readonly priority: number;
      readonly otherPriority: number;
      readonly starts: number;
      readonly victims: number;
      /** The highest among them. */
      readonly victimPriority: number;
    }
  /** Something kept the other one that did not keep this one: too large, not enough even in its place, in the way of a reservation. */
  | { readonly rule: 'did-not-fit'; readonly blockers: readonly Blocker[] }
  | { readonly rule: 'priority'; readonly priority: number; readonly otherPriority: number }
  /** Interchangeable: the older one. */
  | { readonly rule: 'age'; readonly queuedAtMs: number; readonly otherQueuedAtMs: number }
  /** With the other one in the plan, fewer start at its priority, or at a lower one. */
  | {
      readonly rule: 'more-starts';
      readonly priority: number;
      readonly placed: number;
      readonly placedWithOther: number;
    }
  /** Where utilization is the objective: with the other one in the plan, less of the cluster is used by its priority, or by a lower one. */
  | {
      readonly rule: 'more-used';
      readonly priority: number;
      /** Sum over resources of used / capacity, by what starts at the priority. */
      readonly utilization: number;
      readonly utilizationWithOther: number;
    }
  /** As many start either way, and with the other one more work is lost of what runs at a lower priority. */
  | {
      readonly rule: 'less-lost';
      readonly priority: number;
      readonly stopped: number;
      readonly stoppedWithOther: number;
    }
  /** As many start either way, and less of the cluster is used with the other one. */
  | { readonly rule: 'utilization'; readonly utilization: number; readonly utilizationWithOther: number }
  /** Nothing tells them apart: decided by the order in which requests are listed, smallest first. */
  | { readonly rule: 'tie' };

/**
 * Why a plan starts one deployment and leaves another one waiting.
 *
 * @param plan the plan for the snapshot, which starts `first` and not `other`
 */
export function whyFirst(snapshot: Snapshot, result: Plan, first: Competitor, other: Competitor): OrderRule;
/** The same, and null where `shouldStop` ended the plan that it takes. */
export function whyFirst(
  snapshot: Snapshot,
  result: Plan,
  first: Competitor,
  other: Competitor,
  options: Pick<PlanOptions, 'shouldStop'>,
): OrderRule | null;
export function whyFirst(
  snapshot: Snapshot,
  result: Plan,
  first: Competitor,
  other: Competitor,
  options: Pick<PlanOptions, 'shouldStop'> = {},
): OrderRule | null {
  const shape = snapshot.waiting[first.shape]!;
  const otherShape = snapshot.waiting[other.shape]!;
  const hadReservation = result.reservationEvents.some(({ id, kind }) => kind === 'started' && id === first.id);
  if (hadReservation) return { rule: 'reservation' };
  const room = nominated(snapshot, result, first, other) ?? displaced(snapshot, result, first, other);
  if (room !== null && !exceedsCapacity(snapshot, otherShape)) return room;
  const blockers = keeping(snapshot, result, first, other);
  if (blockers.length > 0) return { rule: 'did-not-fit', blockers };
  if (shape.priority !== otherShape.priority) {
    return { rule: 'priority', priority: shape.priority, otherPriority: otherShape.priority };
  }
  if (isSame(shape.request, otherShape.request) && compareAge(first, other) < 0) {
    return { rule: 'age', queuedAtMs: first.queuedAtMs, otherQueuedAtMs: other.queuedAtMs };
  }
  return byCounting(snapshot, result, other, options);
}

/** Whether the first one is known to have was nominated, to which the other one had to yield. */
function nominated(snapshot: Snapshot, result: Plan, first: Competitor, other: Competitor): OrderRule | null {
  const nomination = shapeNominations(snapshot).find(({ shape }) => shape === first.shape);
  if (nomination === undefined || first.shape === other.shape) return null;
  if (nomination.priority < priorityAt(snapshot, other.shape)) return null;
  const { count, includes } = result.place.find(({ shape }) => shape === first.shape) ?? { count: 0, includes: [] };
  const { oldest } = snapshot.waiting[first.shape]!;
  const isFirst = count - includes.length <= nomination.count || oldest.id === first.id;
  return isFirst ? { rule: 'nominated', sinceMs: nomination.sinceMs } : null;
}

/** Whether a victim of the first one's shape would not have had to yield to the other one. */
function displaced(snapshot: Snapshot, result: Plan, first: Competitor, other: Competitor): OrderRule | null {
  const priorities = result.preempt
    .filter(({ by }) => by === first.shape)
    .map(({ group }) => snapshot.running[group]!.priority);
  const victimPriority = Math.max(...priorities);
  const otherPriority = priorityAt(snapshot, other.shape);
  if (victimPriority < otherPriority) return null;
  return {
    rule: 'preempted',
    priority: priorityAt(snapshot, first.shape),
    otherPriority,
    starts: givenBy(snapshot, result).find(({ shape }) => shape === first.shape)?.count ?? 0,
    victims: priorities.length,
    victimPriority,
  };
}

function priorityAt(snapshot: Snapshot, shape: number): number {
  return snapshot.waiting[shape]!.priority;
}

/** What keeps the other one whatever the plan gives to the first one, and to its own priority. */
function keeping(snapshot: Snapshot, result: Plan, first: Competitor, other: Competitor): Blocker[] {
  const { blockers } = blockersOf(snapshot, result, undefined, (shape) => shape === other.shape)[0] ?? { blockers: [] };
  const hasClaim = isNominated(snapshot, result, other);
  const before = blockers.filter(
    (blocker) => blocker.code === 'TOO_LARGE' || (blocker.code === 'NOMINATED' && blocker.isOwn && hasClaim),
  );
  const after = blockers.flatMap((blocker): Blocker[] => {
    if (blocker.code !== 'RESERVATION' || blocker.id === other.id) return [];
    const place = placeAt(snapshot, first, blocker);
    const resources = blocker.resources.filter(
      ({ resource, needed, available }) => needed > available + atRow(place, resource),
    );
    return resources.length === 0 ? [] : [{ ...blocker, resources }];
  });
  return [...before, ...lacking(snapshot, other, freeBefore(snapshot, result, first, other)), ...after];
}

/** Resources of which there is less than the other one asks for, although the cluster has as much. */
function lacking({ waiting, capacity }: Snapshot, other: Competitor, free: readonly number[]): Blocker[] {
  const { request } = waiting[other.shape]!;
  return RESOURCES.flatMap((resource): Blocker[] => {
    const needed = request[resource];
    const available = Math.max(0, atRow(free, resource));
    return needed > available && needed <= capacity[resource]
      ? [{ code: 'NOT_ENOUGH', resource, needed, available, missing: needed - available }]
      : [];
  });
}

/** Whether the other one is known to be among those of its shape that the plan gives a nomination. */
function isNominated(snapshot: Snapshot, result: Plan, { shape: index, id }: Competitor): boolean {
  const shape = snapshot.waiting[index]!;
  const nominated = nominatedAfter(result, shape);
  const starts = result.place.find((placement) => placement.shape === index)?.count ?? 0;
  return starts + nominated >= shape.count || (starts === 0 && shape.oldest.id === id);
}

/** How many of a shape are nominated after a plan. */
function nominatedAfter({ reservations }: Plan, shape: WaitingShape): number {
  return nominationsOf(reservations).find((one) => isSameShape(one, shape))?.count ?? 0;
}

/** All that a plan starts, at once or as soon as there is room, by shape. */
function givenBy({ waiting }: Snapshot, plan: Plan): { readonly shape: number; readonly count: number }[] {
  return waiting.flatMap((one, shape) => {
    const placed = plan.place.find((placement) => placement.shape === shape)?.count ?? 0;
    const later = nominatedAfter(plan, one);
    return placed + later > 0 ? [{ shape, count: placed + later }] : [];
  });
}

/**
 * What there is for the other one, once all has stopped that has to, and all that would have to yield to it: all that is free, less what starts
 * before its turn. A higher priority has its turn before the first one's; of its own priority only what is nominated from before.
 */
function freeBefore(snapshot: Snapshot, result: Plan, first: Competitor, other: Competitor): number[] {
  const { nowMs, waiting } = snapshot;
  const turn = priorityAt(snapshot, other.shape);
  const isLate = priorityAt(snapshot, first.shape) < turn;
  const gone = new Set([
    ...result.preempt.map(({ group }) => group),
    ...candidatesOf(snapshot).flatMap(({ priority, group }) => (priority < turn ? [group] : [])),
  ]);
  const running = snapshot.running.filter(({ isTerminating }, index) => isTerminating !== true && !gone.has(index));
  const nominations = shapeNominations(snapshot);
  const starts = givenBy(snapshot, result).flatMap(({ shape, count }) => {
    const priority = priorityAt(snapshot, shape);
    const left = shape === first.shape ? count - 1 : count;
    const position = nominations.find((one) => one.shape === shape)?.count ?? 0;
    const isEarlier = priority > turn || (priority === turn && isLate);
    const before = isEarlier ? left : priority === turn ? Math.min(left, position) : 0;
    return before > 0 ? [allocationOf(waiting[shape]!, before, nowMs)] : [];
  });
  return freeAt(snapshot, [...allocationsOf(running, nowMs), ...starts], nowMs);
}

/** What the first one takes at the time of a reservation. */
function placeAt(
  snapshot: Snapshot,
  first: Competitor,
  { state, untilMs }: Extract<Blocker, { code: 'RESERVATION' }>,
): number[] {
  const { amounts, endsAtMs, expectedMs } = allocationOf(snapshot.waiting[first.shape]!, 1, snapshot.nowMs);
  const endMs = state === 'promised' ? endsAtMs : expectedMs;
  return amounts.map((amount) => (endMs === null || endMs > untilMs ? amount : 0));
}

function atRow(row: readonly number[], resource: Resource): number {
  return row[RESOURCES.indexOf(resource)]!;
}

/**
 * Plans again with the other one half a priority higher, and compares: so it comes after what stays at its priority, and before all that starts
 * there.
 */
function byCounting(
  snapshot: Snapshot,
  result: Plan,
  other: Competitor,
  options: Pick<PlanOptions, 'shouldStop'>,
): OrderRule | null {
  const shape = snapshot.waiting[other.shape]!;
  const { id, queuedAtMs } = other;
  const raised = { ...shape, priority: shape.priority + 0.5 };
  const head = { id, queuedAtMs };
  const forced = changed(withSuccessor(snapshot, other), { left: [{ head, shape }], came: [{ head, shape: raised }] });
  const second = plan(forced, options);
  if (second.certificate.stopped === 'deadline') return null;
  const placed = givenBy(forced, second);
  const measure = snapshot.policy.objective === 'utilization' ? measureOf(snapshot) : null;
  for (const { priority, placed: reached, preemption } of result.certificate.levels) {
    const loss = lossAt(priority, preemption, second);
    if (loss !== null) return loss;
    const own = [priority, ...(priority === shape.priority ? [raised.priority] : [])];
    const withOther = placed.filter((start) => own.includes(priorityAt(forced, start.shape)));
    if (measure !== null && measure.unitsPerResource > 0) {
      const starts = givenBy(snapshot, result).filter((start) => priorityAt(snapshot, start.shape) === priority);
      const utilization = unitsIn(snapshot, measure, starts) / measure.unitsPerResource;
      const utilizationWithOther = unitsIn(forced, measure, withOther) / measure.unitsPerResource;
      if (utilizationWithOther < utilization) return { rule: 'more-used', priority, utilization, utilizationWithOther };
    }
    const placedWithOther = withOther.reduce((sum, { count }) => sum + count, 0);
    if (placedWithOther < reached) return { rule: 'more-starts', priority, placed: reached, placedWithOther };
  }
  const utilization = result.certificate.utilization.value;
  const utilizationWithOther = second.certificate.utilization.value;
  return utilizationWithOther < utilization
    ? { rule: 'utilization', utilization, utilizationWithOther }
    : { rule: 'tie' };
}

/** The units of utilization of some starts. */
function unitsIn(
  { waiting, capacity }: Snapshot,
  measure: Measure,
  starts: readonly { readonly shape: number; readonly count: number }[],
): number {
  return starts.reduce((sum, { shape, count }) => sum + unitsOf(measure, waiting[shape]!.request, capacity) * count, 0);
}

/** Whether another plan preempts more at a priority: more work, or as much in more deployments. */
function lossAt(priority: number, own: PreemptionCertificate | undefined, { certificate }: Plan): OrderRule | null {
  const other = certificate.levels.find(
    (level) => level.priority === priority && level.preemption !== undefined,
  )?.preemption;
  if (own === undefined || other === undefined) return null;
  if (other.retainedWork > own.retainedWork) return null;
  if (other.retainedWork === own.retainedWork && other.retainedCount >= own.retainedCount) return null;
  return {
    rule: 'less-lost',
    priority,
    stopped: own.eligibleCount - own.retainedCount,
    stoppedWithOther: other.eligibleCount - other.retainedCount,
  };
}

/** Names a next in age: which one it is does not matter for counting, but the snapshot needs one. */
function withSuccessor(snapshot: Snapshot, { shape: index, queuedAtMs }: Competitor): Snapshot {
  const waiting = snapshot.waiting.map((shape, position) =>
    position === index && shape.count > 1 && (shape.followers ?? []).length === 0
      ? {
          ...shape,
          followers: [{ id: `${shape.oldest.id}+`, queuedAtMs: Math.max(queuedAtMs, shape.oldest.queuedAtMs) }],
        }
      : shape,
  );
  return { ...snapshot, waiting };
}
