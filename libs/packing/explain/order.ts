import { type Resource, RESOURCES } from '#kernel';

import { plan } from '../plan.js';
import { toRow } from '../program.js';
import { endOf, freeAt } from '../timeline.js';
import type { Plan, Snapshot, WaitingHead, WaitingShape } from '../types.js';
import { type Blocker, blockersOf, holdingsAfter } from './blockers.js';
import { changed } from './change.js';
import { compareAge, isSame } from './places.js';

/** One of two deployments that are compared. */
export interface Contender extends WaitingHead {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
}

/** Why one started and the other did not, in the order in which it is decided, with the numbers that decided it. */
export type OrderRule =
  /** It had the cluster's reservation, and there was room. */
  | { readonly rule: 'reservation' }
  /** Something kept the other one that did not keep this one: too large, not enough even in its place, in the way of a reservation. */
  | { readonly rule: 'did-not-fit'; readonly blockers: readonly Blocker[] }
  | { readonly rule: 'priority'; readonly priority: number; readonly otherPriority: number }
  /** Interchangeable: the older one. */
  | { readonly rule: 'age'; readonly queuedAtMs: number; readonly otherQueuedAtMs: number }
  /** With the other one in the plan, fewer start at its priority. */
  | {
      readonly rule: 'more-starts';
      readonly priority: number;
      readonly placed: number;
      readonly placedWithOther: number;
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
export function whyFirst(snapshot: Snapshot, result: Plan, first: Contender, other: Contender): OrderRule {
  const shape = snapshot.waiting[first.shape] as WaitingShape;
  const otherShape = snapshot.waiting[other.shape] as WaitingShape;
  const hadReservation = result.reservationEvents.some(({ id, kind }) => kind === 'started' && id === first.id);
  if (hadReservation) return { rule: 'reservation' };
  const blockers = keeping(snapshot, result, first, other);
  if (blockers.length > 0) return { rule: 'did-not-fit', blockers };
  if (shape.priority !== otherShape.priority) {
    return { rule: 'priority', priority: shape.priority, otherPriority: otherShape.priority };
  }
  if (isSame(shape.request, otherShape.request) && compareAge(first, other) < 0) {
    return { rule: 'age', queuedAtMs: first.queuedAtMs, otherQueuedAtMs: other.queuedAtMs };
  }
  return byCounting(snapshot, result, other);
}

/** What keeps the other one whatever the plan gives to the first one, and to its own priority. */
function keeping(snapshot: Snapshot, result: Plan, first: Contender, other: Contender): Blocker[] {
  const { blockers } = blockersOf(snapshot, result).find(({ shape }) => shape === other.shape) ?? { blockers: [] };
  const free = freeBefore(snapshot, result, first, other);
  return blockers.flatMap((blocker): Blocker[] => {
    if (blocker.code === 'TOO_LARGE') return [blocker];
    if (blocker.code === 'RESERVATION') {
      const place = placeAt(snapshot, first, blocker.state === 'promised' ? blocker.untilMs : snapshot.nowMs);
      const resources = blocker.resources.filter(
        ({ resource, needed, available }) => needed > available + atRow(place, resource),
      );
      return blocker.id === other.id || resources.length === 0 ? [] : [{ ...blocker, resources }];
    }
    if (blocker.code !== 'NOT_ENOUGH') return [];
    const { resource, needed } = blocker;
    const available = Math.max(0, atRow(free, resource));
    return needed > available ? [{ ...blocker, available, missing: needed - available }] : [];
  });
}

/** What there is for the other one: all that is free, less what starts before its turn. A higher priority has its turn before the first one's. */
function freeBefore(snapshot: Snapshot, result: Plan, first: Contender, other: Contender): number[] {
  const priorityAt = (shape: number): number => (snapshot.waiting[shape] as WaitingShape).priority;
  const turn = priorityAt(other.shape);
  const isLate = priorityAt(first.shape) < turn;
  const place = result.place.flatMap(({ shape, count, includes }) => {
    const comesFirst = isLate ? priorityAt(shape) >= turn : priorityAt(shape) > turn;
    const left = shape === first.shape ? count - 1 : count;
    return comesFirst && left > 0 ? [{ shape, count: left, includes }] : [];
  });
  return freeAt(snapshot, holdingsAfter(snapshot, { place, preempt: result.preempt }), snapshot.nowMs);
}

/** What the first one takes at a time. */
function placeAt(snapshot: Snapshot, first: Contender, timeMs: number): number[] {
  const shape = snapshot.waiting[first.shape] as WaitingShape;
  const endsAtMs = endOf(shape, snapshot.nowMs);
  return toRow(shape.request).map((amount) => (endsAtMs === null || endsAtMs > timeMs ? amount : 0));
}

function atRow(row: readonly number[], resource: Resource): number {
  return row[RESOURCES.indexOf(resource)] as number;
}

/** Plans again with the other one running already, as if it had been started by force, and compares. */
function byCounting(snapshot: Snapshot, result: Plan, other: Contender): OrderRule {
  const shape = snapshot.waiting[other.shape] as WaitingShape;
  const { priority, request, maxRuntimeSeconds } = shape;
  const without = changed(withSuccessor(snapshot, other), { left: [{ head: other, shape }] });
  const endsAtMs = maxRuntimeSeconds === null ? null : snapshot.nowMs + maxRuntimeSeconds * 1000;
  const forced = plan({
    ...without,
    running: [...without.running, { priority, resources: request, count: 1, endsAtMs }],
  });
  for (const level of result.certificate.levels) {
    if (level.priority < priority) break;
    const own = level.priority === priority ? 1 : 0;
    const placedWithOther =
      own + (forced.certificate.levels.find((one) => one.priority === level.priority)?.placed ?? 0);
    if (placedWithOther < level.placed) {
      return { rule: 'more-starts', priority: level.priority, placed: level.placed, placedWithOther };
    }
  }
  const utilization = result.certificate.utilization.value;
  const utilizationWithOther = forced.certificate.utilization.value;
  return utilizationWithOther < utilization
    ? { rule: 'utilization', utilization, utilizationWithOther }
    : { rule: 'tie' };
}

/** For counting it does not matter who is next in a shape, but somebody has to be. */
function withSuccessor(snapshot: Snapshot, { shape: index, queuedAtMs }: Contender): Snapshot {
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
