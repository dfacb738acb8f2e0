import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, ResourceVector } from '#kernel';
import { type EntityManager } from '#database';
import {
  ClusterWork,
  type AllocatedGroup,
  type RunningDeployment,
  type WaitingDeployment,
  type PreemptionCriteria,
} from '#deployments';
import {
  isSameShape,
  type Nomination,
  nominationsOf,
  type OwnedReservation,
  ownedReservation,
  type PlanningPolicy,
  type ReservationEvent,
  type RunningGroup,
  type Snapshot,
  type WaitingShape,
} from '#packing';
import { type QueuedShape, QueueShapes } from '#queue';
import { learnedOf, RuntimeLearning } from '#runtimes';

import { type ChainHead } from '../decisions/decision-recorder.js';
import { ClusterSchedules, type Schedule } from './cluster-schedules.js';
import { type ExpectedRuns, RunExpectations, withExpected } from './expectations.js';
import { namesOf, startingShapes } from './names.js';

/** As much of a cluster as decides what of it is to be read. */
export interface ReadableCluster {
  readonly clusterId: string;
  readonly policy: PlanningPolicy;
  readonly nowMs: number;
}

/**
 * How much is read. Both depths lead to the same plan, as long as no more of a shape start than a pass names.
 *
 * `deciding`: only what a plan depends on, in a pass that has taken the signals and settled; `allocated` is what is allocated after that.
 * `everything`: all that runs, and several deployments of each shape by name. Signals count as taken, and what has ended as settled:
 * a read-only request can do neither.
 */
export type Depth =
  | {
      readonly kind: 'deciding';
      readonly allocated: ResourceVector;
      readonly capacity: ResourceVector;
      /** False where nothing may be preempted, whatever the policy says. */
      readonly mayPreempt: boolean;
    }
  | { readonly kind: 'everything'; readonly names: (shapes: readonly QueuedShape[]) => number };

/** What a cluster's queue, ledger and schedule say: the planner's problem but for the cluster itself, and what its parts stand for. */
export interface ClusterReading {
  readonly problem: Pick<Snapshot, 'running' | 'waiting' | 'reservations' | 'gatherAfterMs'>;
  /** The shapes of `problem.waiting`, at the same positions. */
  readonly shapes: readonly QueuedShape[];
  /** The groups of `problem.running`, at the same positions; where they were left out, those that are one deployment alone. */
  readonly holding: readonly (AllocatedGroup | RunningDeployment)[];
  readonly schedule: Schedule;
  /** The last recorded decision; null where there is none. */
  readonly head: ChainHead | null;
  /** What became of a reservation before there is anything to plan. */
  readonly withdrawn: readonly ReservationEvent[];
}

/** A shape that waits, with the first of its deployments, oldest first. */
interface NamedShape {
  readonly shape: QueuedShape;
  readonly heads: readonly WaitingDeployment[];
  /** What such deployments have taken, in seconds, the shortest first, where none is declared; empty: unknown, or of no effect. */
  readonly known: readonly number[];
}

/**
 * The most deployments that are considered for preemption, the lowest priority and the youngest first; the rest stays, whatever waits. A pass
 * must end however much is preemptible.
 */
const MAX_CANDIDATES = 5_000;

/** Beyond every priority. */
const ANY_PRIORITY = 101;

/** Where ends are of no effect. */
const NONE_EXPECTED: ExpectedRuns = new Map();

/** Of no group were any left out of the candidates. */
const NONE_LEFT_OUT: ReadonlyMap<string, number> = new Map();

/** Where no deployment can be given a reservation, a plan on shapes depends on the ages of those alone that differ in nothing but runtime. */
const AGELESS: readonly WaitingDeployment[] = [{ id: '', queuedAtMs: 0 }];

/**
 * Reads what a plan depends on: for a pass, and for requests about the next pass. It is read here and nowhere else, so
 * that an answer and reality cannot disagree.
 *
 * For a pass, its cost follows the shapes that wait, and what runs only where that decides something.
 */
@Injectable()
export class SnapshotReader {
  /** Tests set a smaller number. */
  protected readonly mostCandidates: number = MAX_CANDIDATES;

  constructor(
    private readonly queue: QueueShapes,
    private readonly work: ClusterWork,
    private readonly runtimes: RuntimeLearning,
    private readonly expectations: RunExpectations,
    private readonly schedules: ClusterSchedules,
  ) {}

  async read(tx: EntityManager, cluster: ReadableCluster, depth: Depth): Promise<ClusterReading> {
    const { clusterId } = cluster;
    const { schedule, isOwnerWaiting, head } = await this.schedules.read(tx, clusterId);
    const nominations = nominationsOf(schedule.reservations);
    const owned = ownedReservation(schedule.reservations);
    const reservation = isOwnerWaiting ? owned : null;
    const named = await this.waiting(tx, cluster, depth, nominations);
    const singles = await this.singles(tx, cluster, depth, named, nominations);
    const areRead = needsGroups(cluster, depth, named, reservation);
    const waiting = areRead ? await this.withKnown(tx, clusterId, named) : named;
    const settledWith = depth.kind === 'deciding' ? null : cluster.policy.stopGraceSeconds;
    const groups = areRead ? await this.work.allocatedGroups(tx, clusterId, { settledWith }) : [];
    const expected = areRead ? await this.expectations.read(tx, cluster, reservation) : NONE_EXPECTED;
    const known = withExpected(without(groups, singles), singles, expected);
    const rest = depth.kind === 'deciding' ? restOf(depth.allocated, known, areRead ? cluster.nowMs + 1 : null) : [];
    const holding = [...rest, ...known];
    const running = holding.map((group) => toRunning(depth.kind === 'deciding' ? group : asSettled(group, cluster)));
    const leftOut = depth.kind === 'deciding' ? NONE_LEFT_OUT : await this.leftOut(tx, cluster, singles);
    return {
      problem: {
        running: leftOut.size === 0 ? running : withLeftOut(running, holding, leftOut),
        waiting: waiting.map(toWaiting),
        reservations: [
          ...nominations.flatMap((nomination) => stillNominated(nomination, waiting)),
          ...(reservation === null ? [] : [reservation]),
        ],
        gatherAfterMs: schedule.gatherAfterMs,
      },
      shapes: waiting.map(({ shape }) => shape),
      holding,
      schedule,
      head,
      withdrawn: isOwnerWaiting ? [] : withdrawnFrom(owned),
    };
  }

  /** Candidates for preemption, and victims that still stop. */
  private async singles(
    tx: EntityManager,
    { clusterId, policy, nowMs }: ReadableCluster,
    depth: Depth,
    waiting: readonly NamedShape[],
    nominations: readonly Nomination[],
  ): Promise<readonly RunningDeployment[]> {
    const terms = termsOf(policy, nowMs);
    if (depth.kind === 'everything') return this.allSingles(tx, clusterId, terms);
    const below = highestUnmet(waiting, depth);
    if (nominations.length === 0 && (policy.preemption === 'never' || below === null)) return [];
    const limit = depth.mayPreempt ? this.mostCandidates : 0;
    return this.work.preemptionCandidates(tx, clusterId, { below: below ?? 0, terms, limit, countsOverdue: true });
  }

  /** The same for what-if requests and explanations: with other preemptible deployments, up to the limit. */
  private async allSingles(
    tx: EntityManager,
    clusterId: string,
    terms: PreemptionCriteria,
  ): Promise<readonly RunningDeployment[]> {
    const limit = this.mostCandidates;
    const found = await this.work.preemptionCandidates(tx, clusterId, {
      below: ANY_PRIORITY,
      terms,
      limit,
      countsOverdue: false,
    });
    if (found.length >= limit) return found;
    const others = await this.work.ineligibleForPreemption(tx, clusterId, terms, limit);
    // The next to have run for long enough are among both.
    return [...new Map([...found, ...others].map((single) => [single.id, single])).values()].slice(0, limit);
  }

  /** Counts preemptible deployments beyond the limit, by priority, request and end time. Explanations show them. */
  private async leftOut(
    tx: EntityManager,
    { clusterId }: ReadableCluster,
    singles: readonly RunningDeployment[],
  ): Promise<ReadonlyMap<string, number>> {
    // Fewer are all there are.
    if (singles.length < this.mostCandidates) return NONE_LEFT_OUT;
    const marked = await this.work.preemptibleGroups(tx, clusterId);
    const known = singles.filter(({ isTerminating }) => !isTerminating);
    return new Map(without(marked, known).map((group) => [keyOf(group), group.count]));
  }

  /** The shapes that wait, with their oldest; without those of which the last one has just been cancelled. */
  private async waiting(
    tx: EntityManager,
    cluster: ReadableCluster,
    depth: Depth,
    nominations: readonly Nomination[],
  ): Promise<readonly NamedShape[]> {
    const { clusterId, policy } = cluster;
    const shapes = await this.queue.read(tx, clusterId, { countsSignals: depth.kind === 'everything' });
    // Reservations and preemptions name single deployments: their ids are read.
    const isAnyNamed = policy.reserveAfterSeconds !== null || policy.preemption !== 'never';
    const needsAge = depth.kind === 'everything' || isAnyNamed ? () => true : shared(shapes);
    const aged = shapes.filter(needsAge);
    const wanted = depth.kind === 'deciding' ? 1 + mostNominated(nominations) : depth.names(aged);
    const names = namesOf(wanted, aged.length);
    const named = await this.oldestOf(tx, clusterId, aged, names);
    // A reservation goes to the first that is left waiting: of a shape of which some may start, those that may be the next have names, too.
    const starting = depth.kind === 'deciding' ? startingShapes(cluster, depth, oldestIn(named)) : [];
    const most = Math.max(0, ...starting.map(({ starts }) => starts));
    const more = await this.oldestOf(
      tx,
      clusterId,
      starting.map(({ shape }) => shape),
      names + most,
    );
    for (const [shape, heads] of more) named.set(shape, heads);
    return shapes.flatMap((shape) => {
      const own = named.get(shape) ?? AGELESS;
      return own.length === 0 ? [] : [{ shape, heads: own, known: [] }];
    });
  }

  /** Adds what was learned of shapes without a declared runtime, where that decides whose turn it is, or what starts beside a gathering. */
  private async withKnown(
    tx: EntityManager,
    clusterId: string,
    waiting: readonly NamedShape[],
  ): Promise<readonly NamedShape[]> {
    const unknown = waiting.filter(({ shape }) => shape.maxRuntimeSeconds === null);
    const known = await this.runtimes.secondsOf(
      tx,
      clusterId,
      unknown.map(({ shape }) => shape),
    );
    const knownOf = new Map(unknown.map((named, index) => [named, known[index] ?? []]));
    return waiting.map((named) => ({ ...named, known: knownOf.get(named) ?? [] }));
  }

  /** The oldest of each shape, at most `names`. */
  private async oldestOf(
    tx: EntityManager,
    clusterId: string,
    shapes: readonly QueuedShape[],
    names: number,
  ): Promise<Map<QueuedShape, readonly WaitingDeployment[]>> {
    if (shapes.length === 0) return new Map();
    const heads = await this.work.oldestOf(tx, clusterId, shapes, names);
    return new Map(shapes.map((shape, position) => [shape, heads[position] ?? []]));
  }
}

/** How many of one shape are nominated, at most: the next in line for a reservation comes after them. */
function mostNominated(nominations: readonly Nomination[]): number {
  return Math.max(0, ...nominations.map(({ count }) => count));
}

/** Since when the oldest of each shape has waited. */
function oldestIn(named: ReadonlyMap<QueuedShape, readonly WaitingDeployment[]>): Map<QueuedShape, number> {
  return new Map([...named].flatMap(([shape, [oldest]]) => (oldest === undefined ? [] : [[shape, oldest.queuedAtMs]])));
}

/** What makes a running deployment a preemption candidate now. */
function termsOf({ maxPreemptions, preemptAfterSeconds }: PlanningPolicy, nowMs: number): PreemptionCriteria {
  // Times are whole milliseconds, rounded down: a deployment scheduled within this one has run for long enough.
  return { maxPreemptions, scheduledBeforeMs: nowMs - preemptAfterSeconds * 1_000 + 1 };
}

/** Whether others wait that differ from a shape in their declared runtimes alone: of those, the oldest comes first. */
function shared(shapes: readonly QueuedShape[]): (shape: QueuedShape) => boolean {
  const classOf = ({ priority, cpuMillis, memoryMib, gpuMillis }: QueuedShape): string =>
    `${priority}/${cpuMillis}/${memoryMib}/${gpuMillis}`;
  const counts = new Map<string, number>();
  for (const shape of shapes) counts.set(classOf(shape), (counts.get(classOf(shape)) ?? 0) + 1);
  return (shape) => (counts.get(classOf(shape)) ?? 0) > 1;
}

/** Whether the end times of what runs matter: there is a reservation, or a deployment has waited for long enough to get one. */
function needsGroups(
  { policy, nowMs }: ReadableCluster,
  depth: Depth,
  waiting: readonly NamedShape[],
  reservation: OwnedReservation | null,
): boolean {
  if (depth.kind === 'everything') return true;
  const { reserveAfterSeconds } = policy;
  if (reserveAfterSeconds === null) return false;
  const isDue = ({ heads: [oldest] }: NamedShape): boolean =>
    oldest !== undefined && nowMs - oldest.queuedAtMs >= reserveAfterSeconds * 1_000;
  return reservation !== null || waiting.some(isDue);
}

/** The most deployments of one shape that are added up; more never fit. */
const MAX_COUNTED = 1_000_000;

/** The highest priority that waits; null where all that waits fits beside what runs, and nothing needs to be preempted. */
function highestUnmet(
  waiting: readonly NamedShape[],
  { allocated, capacity }: Extract<Depth, { kind: 'deciding' }>,
): number | null {
  let free = capacity.minus(allocated);
  const fits = waiting.every(({ shape }) => {
    const wanted = ResourceVector.of(shape).times(Math.min(shape.waiting, MAX_COUNTED));
    if (shape.waiting > MAX_COUNTED || !wanted.fitsIn(free)) return false;
    free = free.minus(wanted);
    return true;
  });
  if (fits) return null;
  return waiting.reduce((highest, { shape }) => Math.max(highest, shape.priority), 0);
}

/**
 * What is allocated beside groups. Where groups were not read, what runs matters by its sum alone. Where they were, it is what has ended since
 * this pass settled: its room comes with the next one.
 */
function restOf(
  allocated: ResourceVector,
  groups: readonly AllocatedGroup[],
  endsAtMs: number | null,
): AllocatedGroup[] {
  const held = ResourceVector.sum(groups.map((group) => ResourceVector.of(group).times(group.count)));
  // Nothing where deployments hold more: a ledger with less is a finding of the audit, and no reason to plan with less.
  const rest = allocated.shortfallIn(held);
  return rest.isZero() ? [] : [{ ...rest.toAmounts(), priority: 0, count: 1, endsAtMs }];
}

/** As much of a nomination as still waits. */
function stillNominated(nomination: Nomination, waiting: readonly NamedShape[]): Nomination[] {
  const found = waiting.find(({ shape }) => isSameShape({ ...shape, request: shape }, nomination));
  return found === undefined ? [] : [{ ...nomination, count: Math.min(nomination.count, found.shape.waiting) }];
}

/** Groups less those of their members that stand alone. */
function without(groups: readonly AllocatedGroup[], singles: readonly RunningDeployment[]): AllocatedGroup[] {
  if (singles.length === 0) return [...groups];
  const counts = new Map<string, number>();
  for (const single of singles) counts.set(keyOf(single), (counts.get(keyOf(single)) ?? 0) + 1);
  return groups.flatMap((group) => {
    const count = group.count - (counts.get(keyOf(group)) ?? 0);
    return count > 0 ? [{ ...group, count }] : [];
  });
}

function keyOf({ priority, cpuMillis, memoryMib, gpuMillis, endsAtMs }: AllocatedGroup): string {
  return [priority, cpuMillis, memoryMib, gpuMillis, endsAtMs].join(' ');
}

/** What is over and keeps its resources all the same is asked to stop by the pass that settles it. */
function asSettled<Group extends AllocatedGroup>(group: Group, { nowMs, policy }: ReadableCluster): Group {
  const isOver = group.endsAtMs !== null && group.endsAtMs <= nowMs;
  return isOver ? { ...group, endsAtMs: nowMs + policy.stopGraceSeconds * 1_000 } : group;
}

function toRunning(group: AllocatedGroup | RunningDeployment): RunningGroup {
  const { priority, endsAtMs, count, expected } = group;
  const expectedEnd = expected === undefined ? {} : { expectedEndMs: expected.endMs };
  const running = { priority, resources: amountsOf(group), count, endsAtMs, ...expectedEnd };
  if (!('id' in group)) return running;
  const { id, sinceMs, preemptions, hasStarted, isTerminating, requeuedAs } = group;
  if (isTerminating) {
    return { ...running, isTerminating: true, ...(requeuedAs === null ? {} : { returns: requeuedAs }) };
  }
  return { ...running, preemptible: { id, sinceMs, preemptions, stopsAtOnce: !hasStarted } };
}

/** Groups with how many of them were left out; those that stand alone were not. */
function withLeftOut(
  running: readonly RunningGroup[],
  holding: readonly (AllocatedGroup | RunningDeployment)[],
  leftOut: ReadonlyMap<string, number>,
): RunningGroup[] {
  const open = new Map(leftOut);
  return running.map((group, index) => {
    const behind = holding[index] as AllocatedGroup | RunningDeployment;
    const left = 'id' in behind ? undefined : open.get(keyOf(behind));
    const notConsidered = left === undefined ? undefined : Math.min(left, group.count);
    // Parts of a group share what was left out of it.
    if (left !== undefined) open.set(keyOf(behind), left - Math.min(left, group.count));
    return notConsidered === undefined ? group : { ...group, notConsidered };
  });
}

function toWaiting({ shape, heads, known }: NamedShape): WaitingShape {
  const { priority, maxRuntimeSeconds, waiting } = shape;
  const [oldest, ...followers] = heads;
  if (oldest === undefined) throw new RangeError('a waiting shape has no deployment');
  return {
    priority,
    request: amountsOf(shape),
    maxRuntimeSeconds,
    ...learnedOf(known),
    count: waiting,
    oldest,
    ...(followers.length === 0 ? {} : { followers }),
  };
}

/** The end of a reservation whose owner does not wait any more, even where others of the same shape do. */
function withdrawnFrom(reservation: OwnedReservation | null): ReservationEvent[] {
  if (reservation === null) return [];
  return [{ id: reservation.id, kind: 'withdrawn', cause: 'no-longer-waiting', promisedAtMs: null }];
}

/** The three amounts of something that has more. */
export function amountsOf({ cpuMillis, memoryMib, gpuMillis }: ResourceAmounts): ResourceAmounts {
  return { cpuMillis, memoryMib, gpuMillis };
}
