import { ResourceVector } from '#kernel';
import { nominationsOf, type Plan, type Preemption, type Snapshot } from '#packing';

/** As much of a plan as one pass makes real. */
export interface PlanCut {
  readonly place: Plan['place'];
  readonly preempt: readonly Preemption[];
  /** True when the plan does more. */
  readonly isCut: boolean;
}

/**
 * The first of what a plan does, at most `limit` starts and victims, the highest priority first.
 *
 * Never half of a preemption: a victim is taken with the start that it makes room for, and a start with the victims that it needs, also
 * where that exceeds the limit. Where there are nominations, all victims are taken: those that stop at their leisure make room for
 * what does not start in this pass anyway. What is left is planned for again at once.
 */
export function cutOf(
  { place, preempt, reservations }: Pick<Plan, 'place' | 'preempt' | 'reservations'>,
  snapshot: Snapshot,
  limit: number,
): PlanCut {
  const starts = place.reduce((sum, { count }) => sum + count, 0);
  if (starts + preempt.length <= limit) return { place, preempt, isCut: false };
  const isGraceful =
    nominationsOf(reservations).length > 0 || preempt.some(({ group }) => !freesAtOnce(snapshot, group));
  if (isGraceful || preempt.length === 0) {
    const left = Math.max(0, limit - preempt.length);
    return { place: firstOf(place, left), preempt, isCut: starts > left };
  }
  return startByStart({ place, preempt }, snapshot, limit);
}

/** Goes from start to start, each with the victims that it needs beside what was free and what is taken already. */
function startByStart({ place, preempt }: Pick<Plan, 'place' | 'preempt'>, snapshot: Snapshot, limit: number): PlanCut {
  let free = freeIn(snapshot);
  const victims: Preemption[] = [];
  const rest = [...preempt];
  let done = 0;
  for (const { shape, count } of place) {
    const request = ResourceVector.of(snapshot.waiting[shape]?.request ?? ResourceVector.ZERO);
    // Victims for this shape first.
    if (rest.length > 0) rest.sort((a, b) => Number(b.by === shape) - Number(a.by === shape));
    for (let start = 0; start < count; start++) {
      if (done > 0 && done + victims.length >= limit) {
        return { place: firstOf(place, done), preempt: victims, isCut: true };
      }
      while (!request.fitsIn(free) && rest.length > 0) {
        const victim = rest.shift() as Preemption;
        free = free.plus(snapshot.running[victim.group]?.resources ?? ResourceVector.ZERO);
        victims.push(victim);
      }
      free = free.minus(request);
      done++;
    }
  }
  return { place, preempt: victims, isCut: false };
}

function freesAtOnce({ running, policy }: Snapshot, group: number): boolean {
  return policy.stopGraceSeconds === 0 || running[group]?.preemptible?.stopsAtOnce === true;
}

function freeIn({ capacity, running }: Snapshot): ResourceVector {
  const held = ResourceVector.sum(running.map(({ resources, count }) => ResourceVector.of(resources).times(count)));
  return ResourceVector.of(capacity).minus(held);
}

/** The first `limit` starts. */
function firstOf(place: Plan['place'], limit: number): Plan['place'] {
  let left = limit;
  return place.flatMap((placement) => {
    const count = Math.min(placement.count, left);
    left -= count;
    return count === 0 ? [] : [{ ...placement, count, includes: placement.includes.slice(0, count) }];
  });
}
