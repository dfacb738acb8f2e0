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

/** Says what a plan means for every deployment of a problem. */
export function answerOf(problem: Problem, plan: Plan, time: TimeFormat): PlanAnswer {
  const started = startedBy(problem, plan);
  return {
    place: started.map(({ id }) => id),
    preempt: [],
    reservation: plan.reservation === null ? null : toReservation(plan.reservation, time),
    certificate: plan.certificate,
    waiting: waitingAfter(problem, plan, new Set(started.map(({ id }) => id)), time),
  };
}

function waitingAfter(
  { snapshot, members }: Problem,
  plan: Plan,
  isStarted: ReadonlySet<string>,
  time: TimeFormat,
): PlanAnswer['waiting'] {
  const byShape = new Map(blockersOf(snapshot, plan).map((blockers) => [blockers.shape, blockers]));
  return members.flatMap((group, shape) => {
    const blockers = byShape.get(shape);
    if (blockers === undefined) return [];
    return group
      .filter(({ id }) => !isStarted.has(id))
      .map(({ id, priority }, older) => ({
        id,
        blockers: blockersOfOne(blockers, { id, priority, older }).map((blocker) => viewOfBlocker(blocker, time)),
      }));
  });
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
