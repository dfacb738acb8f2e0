import { Injectable } from '@nestjs/common';

import { type FieldError, type ResourceAmounts, ResourceVector } from '#kernel';
import { type EntityManager } from '#database';
import { ClusterWork, HOLDING_STATUSES, type WaitingDeployment, type WorkingDeployment } from '#deployments';
import {
  type Blocker,
  blockersOfOne,
  type Certificate,
  type Change,
  keyOf,
  type Member,
  type Plan,
  type PlanningPolicy,
  type ShapeOf,
  type Snapshot,
  type StandingReservation,
  type WaitingShape,
} from '#packing';
import { type QueuedShape } from '#queue';
import { type Actor } from '#rbac';

import { afterSettling, type Present, PresentReader } from '../explanation/present.js';
import { Questions } from '../explanation/questions.js';
import { type WhatIfResult } from '../pass/planner-thread.js';
import { amountsOf } from '../snapshot/snapshot-reader.js';
import { WhatIfErrors } from './what-if.errors.js';

/** Deployments that somebody thinks of submitting. */
export interface Addition extends ShapeOf {
  readonly count: number;
}

/** What a waiting deployment would ask for; what is left out stays. */
export interface Amendment {
  readonly id: string;
  readonly request?: ResourceAmounts;
  readonly priority?: number;
  readonly maxRuntimeSeconds?: number | null;
}

/** What is to be different. */
export interface WhatIfQuestion {
  readonly additions: readonly Addition[];
  readonly amendments: readonly Amendment[];
  /** These have ended, or left the queue. */
  readonly ended: readonly string[];
  readonly capacity: Partial<ResourceAmounts>;
  readonly policy: Partial<PlanningPolicy>;
  readonly isCordoned: boolean | null;
}

/** What becomes of one addition or amendment. */
export interface Fate {
  readonly starts: number;
  readonly waits: number;
  /** What keeps those that wait. */
  readonly blockers: readonly Blocker[];
}

/** The difference that a change makes to the next pass. */
export interface WhatIfView {
  readonly asOfMs: number;
  /** Deployments that would start and do not now, and the other way round: at most {@link MAX_NAMED} of each. */
  readonly starts: readonly string[];
  readonly waits: readonly string[];
  readonly placed: { readonly before: number; readonly after: number };
  readonly additions: readonly Fate[];
  readonly amendments: readonly (Fate & { readonly id: string })[];
  readonly reservation: { readonly before: StandingReservation | null; readonly after: StandingReservation | null };
  readonly certificate: { readonly before: Certificate; readonly after: Certificate };
}

/** The most deployments that an answer names. */
export const MAX_NAMED = 1_000;

/** The most faults that one refusal lists. */
const MAX_ERRORS = 20;

/** A question whose deployments have been found, as the planner takes it. */
interface Prepared {
  readonly present: Present;
  readonly change: Change;
  readonly stops: Present['stops'];
  readonly left: readonly Member[];
  readonly came: readonly Member[];
}

/** Answers what would happen if something were different. Reads, and writes nothing. */
@Injectable()
export class WhatIfService {
  constructor(
    private readonly work: ClusterWork,
    private readonly presents: PresentReader,
    private readonly questions: Questions,
  ) {}

  /** @throws CLUSTERS.NOT_FOUND, WHAT_IF.REQUEST_EMPTY, WHAT_IF.DEPLOYMENT_INVALID, PLANNING.BUSY */
  async answer(actor: Actor, organizationId: string, clusterId: string, question: WhatIfQuestion): Promise<WhatIfView> {
    refuseEmpty(question);
    // As many names as could leave a shape, and one more: somebody has to be the oldest of those that stay.
    const names = question.amendments.length + question.ended.length + 1;
    const prepared = await this.presents.with(actor, { organizationId, clusterId, names }, (tx, present) =>
      this.prepare(tx, present, question),
    );
    const { present, change, stops } = prepared;
    const result = await this.questions.ask(actor, 'whatIf', { snapshot: present.snapshot, change, stops });
    const shapes = shapesOf(result);
    const limit = Math.min(MAX_NAMED, mostPlaced(result)) + names;
    const heads =
      shapes.length === 0
        ? []
        : await this.presents.with(actor, { organizationId, clusterId, names: 1 }, (tx) =>
            this.work.headsOf(tx, clusterId, shapes.map(toQueued), limit),
          );
    return viewOf(
      question,
      prepared,
      result,
      new Map(shapes.map((shape, index) => [keyOf(shape), heads[index] ?? []])),
    );
  }

  private async prepare(tx: EntityManager, present: Present, question: WhatIfQuestion): Promise<Prepared> {
    const { snapshot, holding, state } = present;
    const ids = [...question.amendments.map(({ id }) => id), ...question.ended];
    const found = await this.work.find(tx, present, ids);
    refuse(question, found);
    const waiting = ids.flatMap((id) => found.get(id) ?? []).filter(({ status }) => status === 'queued');
    const left = waiting.map(toMember);
    const came = [
      ...question.amendments.map((amendment) => amended(amendment, found)),
      ...added(question, snapshot.nowMs),
    ];
    const ended = endedGroups(
      present,
      question.ended.flatMap((id) => found.get(id) ?? []),
    );
    const capacity = { ...(state.pendingCapacity ?? state.capacity), ...question.capacity };
    const isResized = Object.keys(question.capacity).length > 0;
    const settled = afterSettling(
      {
        state: question.isCordoned === null ? state.state : question.isCordoned ? 'cordoned' : 'active',
        capacity: state.capacity,
        pendingCapacity: isResized ? capacity : state.pendingCapacity,
      },
      holding.map((group, index) => ({
        ...group,
        count: group.count - (ended.find((one) => one.group === index)?.count ?? 0),
      })),
    );
    return {
      present,
      left,
      came,
      stops: settled.stops,
      change: {
        capacity: settled.capacity,
        policy: { ...snapshot.policy, ...question.policy },
        isCordoned: settled.stops.length > 0,
        ended,
        left,
        came,
      },
    };
  }
}

/** @throws WHAT_IF.DEPLOYMENT_INVALID naming every one that the question cannot be about */
function refuse({ amendments, ended }: WhatIfQuestion, found: ReadonlyMap<string, WorkingDeployment>): void {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  const check = (id: string, pointer: string, statuses: readonly string[]): void => {
    const status = found.get(id)?.status;
    if (seen.has(id)) errors.push({ pointer, code: 'named-twice', message: 'may be named only once' });
    else if (status === undefined)
      errors.push({ pointer, code: 'not-found', message: 'is no deployment of this cluster' });
    else if (!statuses.includes(status))
      errors.push({ pointer, code: 'wrong-status', message: `must be ${statuses.join(' or ')}, and is ${status}` });
    seen.add(id);
  };
  amendments.forEach(({ id }, index) => check(id, `#/changes/${index}/id`, ['queued']));
  ended.forEach((id, index) => check(id, `#/ended/${index}`, ['queued', ...HOLDING_STATUSES]));
  if (errors.length > 0) throw WhatIfErrors.DEPLOYMENT_INVALID.because(undefined, {}, errors.slice(0, MAX_ERRORS));
}

/** @throws WHAT_IF.REQUEST_EMPTY */
function refuseEmpty({ additions, amendments }: WhatIfQuestion): void {
  const isEmpty = (request: ResourceAmounts | undefined): boolean =>
    request !== undefined && ResourceVector.of(request).isZero();
  const pointers = [
    ...additions.flatMap(({ request }, index) => (isEmpty(request) ? [`#/deployments/${index}/resources`] : [])),
    ...amendments.flatMap(({ request }, index) => (isEmpty(request) ? [`#/changes/${index}/resources`] : [])),
  ];
  if (pointers.length === 0) return;
  const errors = pointers.map((pointer) => ({ pointer, code: 'all-zero', message: 'must ask for something' }));
  throw WhatIfErrors.REQUEST_EMPTY.because(undefined, {}, errors.slice(0, MAX_ERRORS));
}

function toMember(one: WorkingDeployment): Member {
  const { id, queuedAtMs, priority, maxRuntimeSeconds } = one;
  const shape = {
    priority,
    request: amountsOf(one),
    maxRuntimeSeconds: maxRuntimeSeconds === 0 ? null : maxRuntimeSeconds,
  };
  return { head: { id, queuedAtMs }, shape };
}

function amended({ id, ...changes }: Amendment, found: ReadonlyMap<string, WorkingDeployment>): Member {
  const one = found.get(id);
  if (one === undefined) throw new RangeError('an amendment was not found after it was checked');
  const { head, shape } = toMember(one);
  return { head, shape: { ...shape, ...changes } };
}

/** Whoever would be submitted now comes after everybody who waits. */
function added({ additions }: WhatIfQuestion, nowMs: number): Member[] {
  return additions.map(({ count, ...shape }, index) => ({
    head: { id: `~added-${String(index).padStart(5, '0')}`, queuedAtMs: nowMs },
    shape,
    count,
  }));
}

function endedGroups({ holding }: Present, ended: readonly WorkingDeployment[]): { group: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const one of ended) {
    const group = holding.findIndex(
      (other) =>
        other.priority === one.priority &&
        other.endsAtMs === one.endsAtMs &&
        other.cpuMillis === one.cpuMillis &&
        other.memoryMib === one.memoryMib &&
        other.gpuMillis === one.gpuMillis,
    );
    const holds = (HOLDING_STATUSES as readonly string[]).includes(one.status);
    if (holds && group >= 0) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => ({ group, count }));
}

const toQueued = ({ priority, request, maxRuntimeSeconds }: WaitingShape): QueuedShape => ({
  ...request,
  priority,
  maxRuntimeSeconds: maxRuntimeSeconds ?? 0,
  waiting: 0,
});

/** Shapes of which either plan starts somebody. */
function shapesOf({ before, after }: WhatIfResult): WaitingShape[] {
  const placed = ({ snapshot, plan }: { snapshot: Snapshot; plan: Plan }): WaitingShape[] =>
    plan.place.flatMap(({ shape }) => snapshot.waiting[shape] ?? []);
  return [...new Map([...placed(before), ...placed(after)].map((shape) => [keyOf(shape), shape])).values()];
}

function mostPlaced({ before, after }: WhatIfResult): number {
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

function viewOf(
  question: WhatIfQuestion,
  { present, left, came }: Prepared,
  result: WhatIfResult,
  heads: ReadonlyMap<string, readonly WaitingDeployment[]>,
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
  const isReal = (id: string): boolean => !id.startsWith('~');
  return {
    asOfMs: present.snapshot.nowMs,
    starts: [...then].filter((id) => isReal(id) && !now.has(id)).slice(0, MAX_NAMED),
    waits: [...now].filter((id) => !then.has(id) && !question.ended.includes(id)).slice(0, MAX_NAMED),
    placed: { before: sumOf(before.plan), after: sumOf(after.plan) },
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

function sumOf({ place }: Plan): number {
  return place.reduce((sum, { count }) => sum + count, 0);
}

/** Of each that came: how many start. Of one shape, those that waited before come first, then the additions as they are listed. */
function fatesOf({ additions }: WhatIfQuestion, came: readonly Member[], { after }: WhatIfResult): Fate[] {
  const { snapshot, plan, blockers } = after;
  const spent = new Map<number, number>();
  return came.map(({ head, shape, count = 1 }) => {
    const key = keyOf(shape);
    const index = snapshot.waiting.findIndex((other) => keyOf(other) === key);
    const kept = blockers.find((one) => one.shape === index);
    const isAddition = head.id.startsWith('~');
    const all = additions.filter((one) => keyOf(one) === key).reduce((sum, one) => sum + one.count, 0);
    const placed = plan.place.find((placement) => placement.shape === index)?.count ?? 0;
    const total = snapshot.waiting[index]?.count ?? 0;
    const used = spent.get(index) ?? 0;
    const starts = isAddition ? Math.max(0, Math.min(count, placed - (total - all) - used)) : 0;
    if (isAddition) spent.set(index, used + starts);
    const waits = count - starts;
    const one = { id: head.id, priority: shape.priority, older: Math.max(0, total - placed - waits) };
    return { starts, waits, blockers: waits === 0 || kept === undefined ? [] : blockersOfOne(kept, one) };
  });
}
