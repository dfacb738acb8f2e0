import { type WaitingDeployment } from '#deployments';
import {
  type Blocker,
  blockersOfOne,
  type Certificate,
  keyOf,
  type Member,
  type Plan,
  type Snapshot,
  type StandingReservation,
  type WaitingShape,
} from '#packing';

import { type Yielding } from '../explanation/displacements.js';
import { type WhatIfResult } from '../pass/planner-thread.js';
import { type Prepared, type WhatIfQuestion } from './what-if-question.js';

/** The most deployments that an answer names. */
export const MAX_NAMED = 1_000;

/** What becomes of one addition or amendment. */
export interface Fate {
  readonly starts: number;
  readonly waits: number;
  /** What keeps those that wait. */
  readonly blockers: readonly Blocker[];
}

/** The same of somebody. */
export interface NamedFate extends Fate {
  readonly id: string;
}

/** A running deployment that would be stopped, and the first of those for which it would. */
export interface Victim extends Yielding {
  readonly by: string;
}

/** The difference that a change makes to the next pass. */
export interface WhatIfView {
  readonly asOfMs: number;
  /** Deployments that would start and do not now, and the other way round: at most {@link MAX_NAMED} of each. */
  readonly starts: readonly string[];
  readonly waits: readonly string[];
  readonly placed: { readonly before: number; readonly after: number };
  /** What would be stopped for those that start. */
  readonly victims: readonly Victim[];
  readonly preempted: { readonly before: number; readonly after: number };
  /** Each under the id by which the answer speaks of the oldest of them; it is nobody's. */
  readonly additions: readonly NamedFate[];
  readonly amendments: readonly NamedFate[];
  readonly reservation: { readonly before: StandingReservation | null; readonly after: StandingReservation | null };
  readonly certificate: { readonly before: Certificate; readonly after: Certificate };
}

/** Shapes of which either plan starts somebody. */
export function shapesOf({ before, after }: WhatIfResult): WaitingShape[] {
  const placed = ({ snapshot, plan }: { snapshot: Snapshot; plan: Plan }): WaitingShape[] =>
    plan.place.flatMap(({ shape }) => snapshot.waiting[shape] ?? []);
  return [...new Map([...placed(before), ...placed(after)].map((shape) => [keyOf(shape), shape])).values()];
}

/** The most that either plan starts of one shape. */
export function mostPlaced({ before, after }: WhatIfResult): number {
  return Math.max(0, ...[...before.plan.place, ...after.plan.place].map(({ count }) => count));
}

/** Who starts by a plan: of each shape those that are named, then the oldest. */
function startedBy(
  { snapshot, plan }: { snapshot: Snapshot; plan: Plan },
  membersOf: (shape: WaitingShape) => readonly string[],
): Set<string> {
  return new Set(
    plan.place.flatMap(({ shape, count, includes }) => {
      const others = membersOf(snapshot.waiting[shape] as WaitingShape).filter((id) => !includes.includes(id));
      return [...includes, ...others.slice(0, count - includes.length)];
    }),
  );
}

/**
 * What is to be said of two plans.
 *
 * @param heads the oldest of each shape of which either starts somebody, by key
 * @param yielding what the second plan stops, by id
 */
export function viewOf(
  question: WhatIfQuestion,
  { present, left, came }: Prepared,
  result: WhatIfResult,
  heads: ReadonlyMap<string, readonly WaitingDeployment[]>,
  yielding: ReadonlyMap<string, Yielding>,
): WhatIfView {
  const { before, after } = result;
  const gone = new Set(left.map(({ head }) => head.id));
  const of = (shape: WaitingShape): readonly WaitingDeployment[] => heads.get(keyOf(shape)) ?? [];
  const changedMembers = (shape: WaitingShape): string[] => {
    const joined = came.filter((member) => keyOf(member.shape) === keyOf(shape)).map(({ head }) => head);
    const stays = of(shape).filter(({ id }) => !gone.has(id));
    return [...stays, ...joined]
      .sort((a, b) => a.queuedAtMs - b.queuedAtMs || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  };
  const now = startedBy(before, (shape) => of(shape).map(({ id }) => id));
  const then = startedBy(after, changedMembers);
  const fates = fatesOf(question, came, result);
  const imagined = new Set(came.slice(question.amendments.length).map(({ head }) => head.id));
  return {
    asOfMs: present.snapshot.nowMs,
    starts: [...then].filter((id) => !imagined.has(id) && !now.has(id)).slice(0, MAX_NAMED),
    waits: [...now].filter((id) => !then.has(id) && !question.ended.includes(id)).slice(0, MAX_NAMED),
    placed: { before: sumOf(before.plan), after: sumOf(after.plan) },
    victims: victimsOf(after, yielding, changedMembers),
    preempted: { before: before.plan.preempt.length, after: after.plan.preempt.length },
    additions: fates.slice(question.amendments.length),
    amendments: question.amendments.map(({ id }, index) => {
      const { blockers } = fates[index] as Fate;
      const starts = then.has(id);
      return { id, starts: starts ? 1 : 0, waits: starts ? 0 : 1, blockers: starts ? [] : blockers };
    }),
    reservation: { before: before.plan.reservation, after: after.plan.reservation },
    certificate: { before: before.plan.certificate, after: after.plan.certificate },
  };
}

function victimsOf(
  { snapshot, plan }: { snapshot: Snapshot; plan: Plan },
  yielding: ReadonlyMap<string, Yielding>,
  membersOf: (shape: WaitingShape) => readonly string[],
): Victim[] {
  return plan.preempt.slice(0, MAX_NAMED).flatMap(({ id, by }) => {
    const victim = yielding.get(id);
    const shape = snapshot.waiting[by] as WaitingShape;
    const [included] = plan.place.find((placement) => placement.shape === by)?.includes ?? [];
    return victim === undefined ? [] : [{ ...victim, by: included ?? membersOf(shape)[0] ?? shape.oldest.id }];
  });
}

function sumOf({ place }: Plan): number {
  return place.reduce((sum, { count }) => sum + count, 0);
}

/** Of each that came: how many start. Of one shape, those that waited before come first, then the additions as they are listed. */
function fatesOf(
  { additions, amendments }: WhatIfQuestion,
  came: readonly Member[],
  { after }: WhatIfResult,
): NamedFate[] {
  const { snapshot, plan, blockers } = after;
  const spent = new Map<number, number>();
  return came.map(({ head: { id }, shape, count = 1 }, position) => {
    const key = keyOf(shape);
    const index = snapshot.waiting.findIndex((other) => keyOf(other) === key);
    const kept = blockers.find((one) => one.shape === index);
    const isAddition = position >= amendments.length;
    const all = additions.filter((one) => keyOf(one) === key).reduce((sum, one) => sum + one.count, 0);
    const placed = plan.place.find((placement) => placement.shape === index)?.count ?? 0;
    const total = snapshot.waiting[index]?.count ?? 0;
    const used = spent.get(index) ?? 0;
    const starts = isAddition ? Math.max(0, Math.min(count, placed - (total - all) - used)) : 0;
    if (isAddition) spent.set(index, used + starts);
    const waits = count - starts;
    const one = { id, priority: shape.priority, older: Math.max(0, total - placed - waits) };
    return { id, starts, waits, blockers: waits === 0 || kept === undefined ? [] : blockersOfOne(kept, one) };
  });
}
