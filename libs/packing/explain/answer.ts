import type { Plan, StandingReservation } from '../types.js';
import { blockersOf, blockersOfOne } from './blockers.js';
import type { Problem, QueuedDeployment } from './problem.js';
import type { TimeFormat } from './sentence.js';
import { type BlockerView, viewOfBlocker } from './view.js';

/** A plan in the terms of its problem: which deployments start, and what keeps each of the others. */
export interface PlanAnswer {
  readonly place: readonly string[];
  readonly preempt: readonly string[];
  readonly reservation: ReservationAnswer | null;
  readonly certificate: Plan['certificate'];
  readonly waiting: readonly { readonly id: string; readonly blockers: readonly BlockerView[] }[];
}

/** The reservation that stands after a plan. */
export interface ReservationAnswer {
  readonly id: string;
  readonly promisedAt: string | null;
  readonly state: StandingReservation['state'];
  readonly since: string;
  readonly until: string | null;
}

/** Who starts by a plan: of each placed shape the ones that the plan names, then the oldest. */
export function startedBy({ members }: Pick<Problem, 'members'>, { place }: Pick<Plan, 'place'>): QueuedDeployment[] {
  return place.flatMap(({ shape, count, includes }) => {
    const group = members[shape] ?? [];
    const named = group.filter(({ id }) => includes.includes(id));
    const others = group.filter(({ id }) => !includes.includes(id));
    return [...named, ...others.slice(0, count - named.length)];
  });
}

/**
 * Says what a plan means for every deployment of a problem.
 *
 * @param mostBlockers of those that wait only so many are told of as have no more blockers between them
 */
export function answerOf(problem: Problem, plan: Plan, time: TimeFormat, mostBlockers = Infinity): PlanAnswer {
  const started = startedBy(problem, plan);
  return {
    place: started.map(({ id }) => id),
    preempt: plan.preempt.map(({ id }) => id),
    reservation: plan.reservation === null ? null : toReservation(plan.reservation, time),
    certificate: plan.certificate,
    waiting: waitingAfter(problem, plan, { isStarted: new Set(started.map(({ id }) => id)), time, mostBlockers }),
  };
}

function waitingAfter(
  { snapshot, members }: Problem,
  plan: Plan,
  {
    isStarted,
    time,
    mostBlockers,
  }: { readonly isStarted: ReadonlySet<string>; readonly time: TimeFormat; readonly mostBlockers: number },
): PlanAnswer['waiting'] {
  const waiting: PlanAnswer['waiting'][number][] = [];
  let left = mostBlockers;
  for (const kept of blockersOf(snapshot, plan)) {
    const group = (members[kept.shape] ?? []).filter(({ id }) => !isStarted.has(id));
    for (const [older, { id, priority }] of group.entries()) {
      const blockers = blockersOfOne(kept, { id, priority, older });
      left -= blockers.length;
      if (left < 0) return waiting;
      waiting.push({ id, blockers: blockers.map((blocker) => viewOfBlocker(blocker, time)) });
    }
  }
  return waiting;
}

function toReservation(
  { id, promisedAtMs, state, sinceMs, untilMs }: StandingReservation,
  time: TimeFormat,
): ReservationAnswer {
  return {
    id,
    promisedAt: promisedAtMs === null ? null : time(promisedAtMs),
    state,
    since: time(sinceMs),
    until: untilMs === null ? null : time(untilMs),
  };
}
