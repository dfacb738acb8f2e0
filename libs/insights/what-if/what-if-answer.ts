import {
  type Blocker,
  blockersOfOne,
  type Certificate,
  keyOf,
  type Member,
  nominationsOf,
  type OwnedReservation,
  ownedReservation,
  type ShapeBlockers,
  type ShapeOf,
  type Start,
  type WaitingMember,
  type WaitingShape,
  whoStarts,
} from '#packing';

import { type NamedCandidate } from '../parts/preemption-analysis.js';
import { type WhatIfResult } from './what-if.task.js';
import { type Prepared, type WhatIfRequest } from './what-if-request.js';

/** A plan, and what it was made for. */
type Planned = Pick<WhatIfResult['before'], 'snapshot' | 'plan'>;

/** The most deployments that an answer names. */
export const MAX_NAMED = 1_000;

/** What becomes of one addition or amendment. */
export interface Outcome {
  readonly starts: number;
  readonly waits: number;
  /** How many of those that wait, the oldest, start as soon as what was stopped for them has stopped. */
  readonly nominations: number;
  /** What keeps those that wait. */
  readonly blockers: readonly Blocker[];
}

/** The outcome of one deployment, or of one addition. */
export interface NamedOutcome extends Outcome {
  readonly id: string;
}

/** A running deployment that would be stopped, and the first of those for which it would. */
export interface Victim extends NamedCandidate {
  readonly preemptorId: string;
}

/** A deployment that starts as soon as what was stopped for it has stopped. */
export interface NominatedDeployment {
  readonly id: string;
  readonly untilMs: number;
}

/** The difference that a change makes to the next pass. */
export interface WhatIfView {
  readonly asOfMs: number;
  /** Deployments that would start and do not now: at most {@link MAX_NAMED}, as of those that follow. */
  readonly starts: readonly string[];
  /** Deployments for which the next pass would make room, and does not now. */
  readonly nominations: readonly NominatedDeployment[];
  /** Deployments that start, or for which room is made, and would neither. */
  readonly waits: readonly string[];
  readonly placed: { readonly before: number; readonly after: number };
  /** For how many room is being made. */
  readonly nominated: { readonly before: number; readonly after: number };
  /** What would be stopped for those that start. */
  readonly victims: readonly Victim[];
  readonly preempted: { readonly before: number; readonly after: number };
  /** Each under the id by which the answer names the oldest of them; no deployment has it. */
  readonly additions: readonly NamedOutcome[];
  readonly amendments: readonly NamedOutcome[];
  readonly reservation: { readonly before: OwnedReservation | null; readonly after: OwnedReservation | null };
  readonly certificate: { readonly before: Certificate; readonly after: Certificate };
}

type Members = (shape: WaitingShape) => readonly string[];

/** Deployments that a plan starts, now or later. */
function startsOfPlan({ snapshot, plan }: Planned, membersOf: Members): Map<string, Start> {
  return whoStarts(snapshot, plan, (shape) => membersOf(snapshot.waiting[shape] as WaitingShape));
}

/**
 * What is to be said of two plans.
 *
 * @param yielding what the second plan stops, by id
 */
export function viewOf(
  request: WhatIfRequest,
  { present, left, came, elders }: Prepared,
  result: WhatIfResult,
  yielding: ReadonlyMap<string, NamedCandidate>,
): WhatIfView {
  const { before, after } = result;
  const gone = new Set(left.map(({ head }) => head.id));
  const waiting = new Map(present.snapshot.waiting.map((shape) => [keyOf(shape), shape]));
  const of = (shape: WaitingShape): readonly WaitingMember[] => {
    const { oldest, followers = [] } = waiting.get(keyOf(shape)) ?? {};
    return oldest === undefined ? [] : [oldest, ...followers];
  };
  const changedMembers = (shape: WaitingShape): string[] => {
    const joined = came.filter((member) => keyOf(member.shape) === keyOf(shape)).map(({ head }) => head);
    const stays = of(shape).filter(({ id }) => !gone.has(id));
    return [...stays, ...joined]
      .sort((a, b) => a.queuedAtMs - b.queuedAtMs || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  };
  const now = startsOfPlan(before, (shape) => of(shape).map(({ id }) => id));
  const then = startsOfPlan(after, changedMembers);
  const imagined = new Set(came.slice(request.amendments.length).map(({ head }) => head.id));
  return {
    asOfMs: present.snapshot.nowMs,
    starts: named(then, (id, { untilMs }) => untilMs === null && !imagined.has(id) && now.get(id)?.untilMs !== null),
    nominations: nominatedBy(then, (id) => !imagined.has(id) && typeof now.get(id)?.untilMs !== 'number'),
    waits: named(now, (id) => !then.has(id) && !request.ended.includes(id)),
    placed: { before: sumOf(before.plan.place), after: sumOf(after.plan.place) },
    nominated: {
      before: sumOf(nominationsOf(before.plan.reservations)),
      after: sumOf(nominationsOf(after.plan.reservations)),
    },
    victims: victimsOf(after, yielding, changedMembers),
    preempted: { before: before.plan.preempt.length, after: after.plan.preempt.length },
    additions: additionOutcomes(came.slice(request.amendments.length), result),
    amendments: came
      .slice(0, request.amendments.length)
      .map((member) => amendmentOutcome(member, then.get(member.head.id), elders, result)),
    reservation: {
      before: ownedReservation(before.plan.reservations),
      after: ownedReservation(after.plan.reservations),
    },
    certificate: { before: before.plan.certificate, after: after.plan.certificate },
  };
}

function named(starts: ReadonlyMap<string, Start>, isMeant: (id: string, start: Start) => boolean): string[] {
  return [...starts].flatMap(([id, start]) => (isMeant(id, start) ? [id] : [])).slice(0, MAX_NAMED);
}

function nominatedBy(starts: ReadonlyMap<string, Start>, isMeant: (id: string) => boolean): NominatedDeployment[] {
  return [...starts]
    .flatMap(([id, { untilMs }]) => (untilMs !== null && isMeant(id) ? [{ id, untilMs }] : []))
    .slice(0, MAX_NAMED);
}

/** What makes room at once is for one that starts, what takes its time for one that is nominated, as far as there is one. */
function victimsOf(after: Planned, yielding: ReadonlyMap<string, NamedCandidate>, membersOf: Members): Victim[] {
  const { snapshot, plan } = after;
  const starts = startsOfPlan(after, membersOf);
  const gainers = new Map(
    [...new Set(plan.preempt.map(({ by }) => by))].map((by) => {
      const shape = snapshot.waiting[by] as WaitingShape;
      const [now, later] = [true, false].map((isNow) =>
        membersOf(shape).find((id) => starts.has(id) && (starts.get(id)?.untilMs === null) === isNow),
      );
      return [by, { now: now ?? later ?? shape.oldest.id, later: later ?? now ?? shape.oldest.id }];
    }),
  );
  return plan.preempt.slice(0, MAX_NAMED).flatMap(({ id, group, by }) => {
    const victim = yielding.get(id);
    const isAtOnce = snapshot.running[group]?.preemptible?.stopsAtOnce === true;
    const gainer = gainers.get(by)?.[isAtOnce ? 'now' : 'later'];
    return victim === undefined || gainer === undefined ? [] : [{ ...victim, preemptorId: gainer }];
  });
}

function sumOf(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** All there is of a shape in a plan. */
interface Share {
  readonly total: number;
  readonly placed: number;
  readonly nominated: number;
  readonly kept: ShapeBlockers | undefined;
}

function shareOf({ snapshot, plan, blockers }: WhatIfResult['after'], shape: ShapeOf): Share {
  const key = keyOf(shape);
  const index = snapshot.waiting.findIndex((other) => keyOf(other) === key);
  return {
    total: snapshot.waiting[index]?.count ?? 0,
    placed: plan.place.find((placement) => placement.shape === index)?.count ?? 0,
    nominated: nominationsOf(plan.reservations).find((one) => keyOf(one) === key)?.count ?? 0,
    kept: blockers.find((one) => one.shape === index),
  };
}

/** Of each addition: how many start. Of one shape, those that waited before come first, then the additions as they are listed. */
function additionOutcomes(additions: readonly Member[], { after }: WhatIfResult): NamedOutcome[] {
  return additions.map(({ head: { id }, shape, count = 1 }, position) => {
    const { total, placed, nominated, kept } = shareOf(after, shape);
    const own = additions.slice(position).filter((other) => keyOf(other.shape) === keyOf(shape));
    const first = total - own.reduce((sum, one) => sum + (one.count ?? 1), 0);
    const among = (most: number): number => Math.max(0, Math.min(count, most - first));
    const starts = among(placed);
    const waits = count - starts;
    const one = { id, priority: shape.priority, older: Math.max(0, first + starts - placed) };
    const keeping = waits === 0 || kept === undefined ? [] : blockersOfOne(kept, one);
    return { id, starts, waits, nominations: among(placed + nominated) - starts, blockers: keeping };
  });
}

function amendmentOutcome(
  { head: { id }, shape }: Member,
  start: Start | undefined,
  elders: ReadonlyMap<string, number>,
  { after }: WhatIfResult,
): NamedOutcome {
  if (start?.untilMs === null) return { id, starts: 1, waits: 0, nominations: 0, blockers: [] };
  const { placed, kept } = shareOf(after, shape);
  const one = { id, priority: shape.priority, older: Math.max(0, (elders.get(id) ?? 0) - placed) };
  const blockers = kept === undefined ? [] : blockersOfOne(kept, one);
  return { id, starts: 0, waits: 1, nominations: start === undefined ? 0 : 1, blockers };
}
