import { type OwnedReservation, ownedReservation } from '../reservation.js';
import type { Plan } from '../types.js';
import { blockersOf, blockersOfOne } from './blockers.js';
import { whoStarts } from './places.js';
import type { Problem } from './problem.js';
import type { TimeFormat } from './sentence.js';
import { type BlockerView, viewOfBlocker } from './view.js';

/** A plan in the terms of its problem: which deployments start, now or once others have stopped, and what keeps each of the others. */
export interface PlanAnswer {
  readonly place: readonly string[];
  readonly preempt: readonly string[];
  /** Nominated deployments: they start when their victims have stopped, at this time at the latest. */
  readonly nominations: readonly { readonly id: string; readonly until: string }[];
  readonly reservation: ReservationAnswer | null;
  readonly certificate: Plan['certificate'];
  readonly waiting: readonly { readonly id: string; readonly blockers: readonly BlockerView[] }[];
}

/** The reservation after a plan. */
export interface ReservationAnswer {
  readonly id: string;
  readonly promisedAt: string | null;
  readonly state: OwnedReservation['state'];
  readonly since: string;
  readonly until: string | null;
}

/**
 * Says what a plan means for every deployment of a problem.
 *
 * @param mostBlockers limits the blockers of all waiting deployments together; the list ends before it would exceed them
 * @param shouldStop once true, the list of waiting deployments ends
 */
export function answerOf(
  problem: Problem,
  plan: Plan,
  time: TimeFormat,
  mostBlockers = Infinity,
  shouldStop: () => boolean = () => false,
): PlanAnswer {
  const { snapshot, members } = problem;
  const starts = whoStarts(snapshot, plan, (shape) => (members[shape] ?? []).map(({ id }) => id));
  const reservation = ownedReservation(plan.reservations);
  const place = [...starts].flatMap(([id, { untilMs }]) => (untilMs === null ? [id] : []));
  return {
    place,
    preempt: plan.preempt.map(({ id }) => id),
    nominations: [...starts].flatMap(([id, { untilMs }]) => (untilMs === null ? [] : [{ id, until: time(untilMs) }])),
    reservation: reservation === null ? null : toReservation(reservation, time),
    certificate: plan.certificate,
    waiting: waitingAfter(problem, plan, { isStarted: new Set(place), time, mostBlockers, shouldStop }),
  };
}

function waitingAfter(
  { snapshot, members }: Problem,
  plan: Plan,
  {
    isStarted,
    time,
    mostBlockers,
    shouldStop,
  }: {
    readonly isStarted: ReadonlySet<string>;
    readonly time: TimeFormat;
    readonly mostBlockers: number;
    readonly shouldStop: () => boolean;
  },
): PlanAnswer['waiting'] {
  const waiting: PlanAnswer['waiting'][number][] = [];
  let left = mostBlockers;
  for (const kept of blockersOf(snapshot, plan, undefined, () => !shouldStop())) {
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

function toReservation({ id, state, sinceMs, untilMs }: OwnedReservation, time: TimeFormat): ReservationAnswer {
  const isPromised = state === 'promised';
  return {
    id,
    promisedAt: isPromised ? time(untilMs) : null,
    state,
    since: time(sinceMs),
    until: isPromised ? null : time(untilMs),
  };
}
