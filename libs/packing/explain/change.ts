import type { ResourceAmounts } from '#kernel';

import type { PlanningPolicy, RunningGroup, Snapshot, WaitingMember, WaitingShape } from '../types.js';
import { isSameShape, type Reservation } from '../reservation.js';
import { keyOf } from './places.js';
import { compareAge } from '../rows.js';

/** What makes a waiting deployment one of a shape. */
export type ShapeOf = Omit<WaitingShape, 'count' | 'oldest' | 'followers'>;

/** A deployment with its shape. */
export interface Member {
  readonly head: WaitingMember;
  readonly shape: ShapeOf;
  /** Number of deployments like it, of which it is the oldest: for those that come. Default 1. */
  readonly count?: number;
}

/** What is to be different. */
export interface Change {
  readonly capacity?: ResourceAmounts;
  readonly policy?: PlanningPolicy;
  readonly isCordoned?: boolean;
  /** How many of each of these groups (index into `snapshot.running`) have ended. */
  readonly ended?: readonly { readonly group: number; readonly count: number }[];
  /** These wait no longer: the snapshot must name them among the first of their shape, or they are not the oldest of it. */
  readonly left?: readonly Member[];
  /** These wait as well. */
  readonly came?: readonly Member[];
}

/** How many deployments of a shape are known by name: the caller's view of a queue, or the planner's. */
export interface ChangeOptions {
  /** Keeps the followers of each shape in the answer; otherwise passes that see the oldest alone would plan otherwise. */
  readonly keepsFollowers?: boolean;
}

interface Group {
  readonly shape: ShapeOf;
  count: number;
  /** The oldest of the shape, as far as they are known: always at least one while any is left. */
  known: WaitingMember[];
}

/**
 * The snapshot as it would be after a change: what a pass would read if the change were made.
 *
 * @throws RangeError when the change takes what the snapshot does not have, or leaves a shape of which the oldest is not known
 */
export function changed(snapshot: Snapshot, change: Change, { keepsFollowers = false }: ChangeOptions = {}): Snapshot {
  const groups = new Map<string, Group>();
  for (const { count, oldest, followers = [], ...shape } of snapshot.waiting) {
    groups.set(keyOf(shape), { shape, count, known: [oldest, ...followers] });
  }
  for (const member of change.left ?? []) leave(groups, member);
  for (const member of change.came ?? []) come(groups, member);
  const waiting = [...groups.values()].flatMap((group) => toShapes(group, keepsFollowers));
  return {
    ...snapshot,
    capacity: change.capacity ?? snapshot.capacity,
    policy: change.policy ?? snapshot.policy,
    isCordoned: change.isCordoned ?? snapshot.isCordoned,
    running: end(snapshot.running, change.ended ?? []),
    waiting,
    reservations: snapshot.reservations.filter((one) => remains(one, change)),
  };
}

/** A reservation with an owner is that of a deployment as it is: others of its shape do not inherit it when it leaves, or becomes another. */
function remains(reservation: Reservation, { left = [], came = [] }: Change): boolean {
  const isOwner = ({ head, shape }: Member): boolean =>
    reservation.state !== 'nominated' && head.id === reservation.id && isSameShape(shape, reservation);
  return !left.some(isOwner) || came.some(isOwner);
}

function leave(groups: Map<string, Group>, { shape, head }: Member): void {
  const group = groups.get(keyOf(shape));
  if (group === undefined || group.count === 0) throw new RangeError(`nothing waits of the shape of ${head.id}`);
  group.count--;
  group.known = group.known.filter(({ id }) => id !== head.id);
}

/** The known ones are the oldest: a younger one joins the unknown, unless there are none. */
function come(groups: Map<string, Group>, { shape, head, count = 1 }: Member): void {
  const key = keyOf(shape);
  const group: Group = groups.get(key) ?? { shape, count: 0, known: [] };
  groups.set(key, group);
  const position = group.known.findIndex((other) => compareAge(head, other) < 0);
  if (position >= 0) group.known.splice(position, 0, head);
  else if (group.known.length === group.count) group.known.push(head);
  group.count += count;
}

function toShapes({ shape, count, known }: Group, keepsFollowers: boolean): WaitingShape[] {
  const [oldest, ...followers] = known;
  if (count === 0) return [];
  if (oldest === undefined) throw new RangeError(`the oldest is not known of ${keyOf(shape)}`);
  return [{ ...shape, count, oldest, ...(keepsFollowers ? { followers } : {}) }];
}

function end(
  running: readonly RunningGroup[],
  ended: readonly { readonly group: number; readonly count: number }[],
): RunningGroup[] {
  const left = running.map(({ count }) => count);
  for (const { group, count } of ended) left[group] = (left[group] ?? 0) - count;
  if (left.some((count) => !(count >= 0))) throw new RangeError('more is to end than runs');
  return running.flatMap((group, index) => {
    const count = left[index]!;
    return count > 0 ? [{ ...group, count }] : [];
  });
}
