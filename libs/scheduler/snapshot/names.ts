import { ResourceVector } from '#kernel';
import { type PlanningPolicy } from '#packing';
import { type QueuedShape } from '#queue';

/** The most names that a snapshot carries, over all shapes. */
const MAX_NAMES = 20_000;

/** The most deployments of one shape that are named because they may start. Where more start, the next pass knows the next in turn. */
const MAX_STARTS_NAMED = 64;

/** How many deployments of each shape are named, of those that are wanted. */
export function namesOf(wanted: number, shapes: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(MAX_NAMES / Math.max(1, shapes))));
}

/** What decides how many of a shape may start. */
export interface Room {
  readonly allocated: ResourceVector;
  readonly capacity: ResourceVector;
  /** False where nothing is to be preempted, whatever the policy says. */
  readonly mayPreempt: boolean;
}

/**
 * The shapes of which some may start while others wait, with how many may, where a reservation may fall due. A plan must know which start: those keep
 * their turn, and the next of their shape may be the owner. What may be preempted counts as free.
 *
 * @param oldest since when the oldest of each shape has waited
 */
export function startingShapes<Shape extends Pick<QueuedShape, 'cpuMillis' | 'memoryMib' | 'gpuMillis' | 'waiting'>>(
  { policy, nowMs }: { readonly policy: PlanningPolicy; readonly nowMs: number },
  { allocated, capacity, mayPreempt }: Room,
  oldest: ReadonlyMap<Shape, number>,
): { readonly shape: Shape; readonly starts: number }[] {
  const { reserveAfterSeconds, preemption } = policy;
  if (reserveAfterSeconds === null) return [];
  const latest = nowMs - reserveAfterSeconds * 1_000;
  if (![...oldest.values()].some((queuedAtMs) => queuedAtMs <= latest)) return [];
  const room = preemption !== 'never' && mayPreempt ? capacity : capacity.minus(allocated);
  const starting = [...oldest.keys()].flatMap((shape) => {
    const starts = ResourceVector.of(shape).timesIn(room);
    if (starts <= 0 || shape.waiting <= 1) return [];
    return [{ shape, starts: Math.min(starts, shape.waiting, MAX_STARTS_NAMED) }];
  });
  return starting.slice(0, Math.floor(MAX_NAMES / (MAX_STARTS_NAMED + 1)));
}
