import type { ResourceAmounts } from '#kernel';

import { lastingNominations } from './after-stops.js';
import type { Placement, Plan, Snapshot, WaitingMember, WaitingShape } from '../types.js';

/** What makes waiting deployments interchangeable, as a key. */
export function keyOf({ priority, request, maxRuntimeSeconds }: Omit<WaitingShape, 'count' | 'oldest'>): string {
  return `${priority}/${request.cpuMillis}/${request.memoryMib}/${request.gpuMillis}/${maxRuntimeSeconds ?? ''}`;
}

/** How many of each shape a plan starts, by index. */
export function startsOf({ waiting }: Pick<Snapshot, 'waiting'>, { place }: Pick<Plan, 'place'>): Float64Array {
  const starts = new Float64Array(waiting.length);
  for (const { shape, count } of place) starts[shape] = count;
  return starts;
}

/** One waiting deployment: its shape, and how many of that shape are older. */
export interface QueuePosition extends WaitingMember {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
  readonly older: number;
}

const NONE: Omit<Placement, 'shape'> = { count: 0, includes: [] };

/** How a plan starts a deployment. */
export interface Start {
  /** `null`: with the plan. Otherwise it is nominated: it starts when its victims have stopped, at this time at the latest. */
  readonly untilMs: number | null;
}

/** How a plan starts a deployment: those that a reservation names, then the oldest of the shape, then the nominated. `null`: it leaves it waiting. */
export function startOf(
  snapshot: Snapshot,
  plan: Pick<Plan, 'place' | 'preempt' | 'reservations'>,
  position: QueuePosition,
): Start | null {
  const { place } = plan;
  const { count, includes } = place.find(({ shape }) => shape === position.shape) ?? NONE;
  if (includes.includes(position.id)) return { untilMs: null };
  const shape = snapshot.waiting[position.shape]!;
  const ids = [shape.oldest, ...(shape.followers ?? [])].map(({ id }) => id);
  const own = ids.indexOf(position.id);
  const named = includes.filter((id) => own < 0 || ids.indexOf(id) < own).length;
  const left = position.older - named - (count - includes.length);
  if (left < 0) return { untilMs: null };
  const nomination = lastingNominations(snapshot, plan).find((one) => keyOf(one) === keyOf(shape));
  return nomination !== undefined && left < nomination.count ? { untilMs: nomination.untilMs } : null;
}

/**
 * The deployments that a plan starts, and how; first those that start with it.
 *
 * @param membersOf all that wait of a shape (index into `snapshot.waiting`), oldest first, as far as the plan starts them
 */
export function whoStarts(
  snapshot: Snapshot,
  plan: Pick<Plan, 'place' | 'preempt' | 'reservations'>,
  membersOf: (shape: number) => readonly string[],
): Map<string, Start> {
  const starts = new Map<string, Start>();
  for (const { shape, count, includes } of plan.place) {
    const others = membersOf(shape).filter((id) => !includes.includes(id));
    for (const id of [...includes, ...others.slice(0, count - includes.length)]) starts.set(id, { untilMs: null });
  }
  const nominations = lastingNominations(snapshot, plan);
  const shapes = new Map(nominations.length === 0 ? [] : snapshot.waiting.map((one, shape) => [keyOf(one), shape]));
  for (const nomination of nominations) {
    const left = membersOf(shapes.get(keyOf(nomination)) ?? -1).filter((id) => !starts.has(id));
    for (const id of left.slice(0, nomination.count)) starts.set(id, { untilMs: nomination.untilMs });
  }
  return starts;
}

/** Equal in every resource. */
export function isSame(a: ResourceAmounts, b: ResourceAmounts): boolean {
  return a.cpuMillis === b.cpuMillis && a.memoryMib === b.memoryMib && a.gpuMillis === b.gpuMillis;
}
