import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, type ResourceVector } from '#kernel';
import { type EntityManager } from '#database';
import { ClusterWork, type HoldingGroup, type WaitingDeployment } from '#deployments';
import {
  type PlanningPolicy,
  type ReservationEvent,
  type RunningGroup,
  type Snapshot,
  type StandingReservation,
  type WaitingShape,
} from '#packing';
import { type QueuedShape, QueueShapes } from '#queue';

import { ClusterSchedules, type Schedule } from '../pass/cluster-schedules.js';

/** As much of a cluster as decides what of it is to be read. */
export interface ReadableCluster {
  readonly clusterId: string;
  readonly policy: PlanningPolicy;
  readonly nowMs: number;
}

/**
 * How much is read. Whatever is left out makes no difference to a plan: both depths lead to the same one.
 *
 * `deciding`: only what a plan depends on, in a pass that has taken the signals and settled; `allocated` is what is given out since.
 * `everything`: all that runs, and so many names of each shape. Signals count as if they were taken, and what is over as if it were
 * settled, because nobody has done so for whoever only reads.
 */
export type Depth =
  | { readonly kind: 'deciding'; readonly allocated: ResourceVector }
  | { readonly kind: 'everything'; readonly names: number };

/** What a cluster's queue, ledger and schedule say: the planner's problem but for the cluster itself, and what its parts stand for. */
export interface ClusterSight {
  readonly problem: Pick<Snapshot, 'running' | 'waiting' | 'reservation'>;
  /** The shapes of `problem.waiting`, at the same positions. */
  readonly shapes: readonly QueuedShape[];
  /** The groups of `problem.running`, at the same positions; empty where they were left out. */
  readonly holding: readonly HoldingGroup[];
  readonly schedule: Schedule;
  /** What became of a reservation before there is anything to plan. */
  readonly withdrawn: readonly ReservationEvent[];
}

/** A shape that waits, with the first of its deployments, oldest first. */
interface NamedShape {
  readonly shape: QueuedShape;
  readonly heads: readonly WaitingDeployment[];
}

/** The most names that a snapshot carries, over all shapes. */
const MAX_NAMES = 20_000;

/** Where no deployment can be given a reservation, a plan on shapes depends on the ages of those alone that differ in nothing but runtime. */
const AGELESS: readonly WaitingDeployment[] = [{ id: '', queuedAtMs: 0 }];

/**
 * Reads what a plan depends on: for a pass, and for everybody who asks what the next pass would do. It is read here and nowhere else, so
 * that an answer and reality cannot disagree.
 *
 * For a pass, its cost follows the shapes that wait, and what runs only where that decides something.
 */
@Injectable()
export class SnapshotReader {
  constructor(
    private readonly queue: QueueShapes,
    private readonly work: ClusterWork,
    private readonly schedules: ClusterSchedules,
  ) {}

  async read(tx: EntityManager, cluster: ReadableCluster, depth: Depth): Promise<ClusterSight> {
    const { clusterId } = cluster;
    const { schedule, isHolderWaiting } = await this.schedules.read(tx, clusterId);
    const standing = isHolderWaiting ? schedule.reservation : null;
    const waiting = await this.waiting(tx, cluster, depth);
    const holding = needsGroups(cluster, depth, waiting, standing)
      ? await this.work.holding(tx, clusterId, { countsOverdue: depth.kind === 'deciding' })
      : null;
    return {
      problem: {
        running: holding === null ? sumOf(depth) : holding.map(toRunning),
        waiting: waiting.map(toWaiting),
        reservation: standing,
      },
      shapes: waiting.map(({ shape }) => shape),
      holding: holding ?? [],
      schedule,
      withdrawn: isHolderWaiting ? [] : withdrawnFrom(schedule.reservation),
    };
  }

  /** The shapes that wait, with their oldest; without those of which the last one has just been cancelled. */
  private async waiting(
    tx: EntityManager,
    { clusterId, policy }: ReadableCluster,
    depth: Depth,
  ): Promise<readonly NamedShape[]> {
    const shapes = await this.queue.read(tx, clusterId, { countsSignals: depth.kind === 'everything' });
    const needsAge = depth.kind === 'everything' || policy.reserveAfterSeconds !== null ? () => true : shared(shapes);
    const aged = shapes.filter(needsAge);
    const heads = aged.length === 0 ? [] : await this.work.headsOf(tx, clusterId, aged, namesOf(depth, aged.length));
    const named = new Map(aged.map((shape, position) => [shape, heads[position] ?? []]));
    return shapes.flatMap((shape) => {
      const own = named.get(shape) ?? AGELESS;
      return own.length === 0 ? [] : [{ shape, heads: own }];
    });
  }
}

/** Whether others wait that differ from a shape in their declared runtimes alone: of those, the oldest comes first. */
function shared(shapes: readonly QueuedShape[]): (shape: QueuedShape) => boolean {
  const classOf = ({ priority, cpuMillis, memoryMib, gpuMillis }: QueuedShape): string =>
    `${priority}/${cpuMillis}/${memoryMib}/${gpuMillis}`;
  const counts = new Map<string, number>();
  for (const shape of shapes) counts.set(classOf(shape), (counts.get(classOf(shape)) ?? 0) + 1);
  return (shape) => (counts.get(classOf(shape)) ?? 0) > 1;
}

function namesOf(depth: Depth, shapes: number): number {
  if (depth.kind === 'deciding') return 1;
  return Math.max(1, Math.min(depth.names, Math.floor(MAX_NAMES / Math.max(1, shapes))));
}

/** Whether it matters what runs until when: where a reservation stands, or somebody has waited for long enough to be given one. */
function needsGroups(
  { policy, nowMs }: ReadableCluster,
  depth: Depth,
  waiting: readonly NamedShape[],
  standing: StandingReservation | null,
): boolean {
  if (depth.kind === 'everything') return true;
  const { reserveAfterSeconds } = policy;
  if (reserveAfterSeconds === null) return false;
  const isDue = ({ heads: [oldest] }: NamedShape): boolean =>
    oldest !== undefined && nowMs - oldest.queuedAtMs >= reserveAfterSeconds * 1_000;
  return standing !== null || waiting.some(isDue);
}

/** Without reservations, what runs matters by its sum alone. */
function sumOf(depth: Depth): RunningGroup[] {
  if (depth.kind === 'everything' || depth.allocated.isZero()) return [];
  return [{ priority: 0, resources: depth.allocated.toAmounts(), count: 1, endsAtMs: null }];
}

function toRunning({ priority, endsAtMs, count, ...resources }: HoldingGroup): RunningGroup {
  return { priority, resources: amountsOf(resources), count, endsAtMs };
}

function toWaiting({ shape, heads }: NamedShape): WaitingShape {
  const { priority, maxRuntimeSeconds, waiting } = shape;
  const [oldest, ...followers] = heads;
  if (oldest === undefined) throw new RangeError('a shape waits of which nobody waits');
  return {
    priority,
    request: amountsOf(shape),
    maxRuntimeSeconds: maxRuntimeSeconds === 0 ? null : maxRuntimeSeconds,
    count: waiting,
    oldest,
    ...(followers.length === 0 ? {} : { followers }),
  };
}

/** Who waits no more has no reservation, even where others of the same shape still wait. */
function withdrawnFrom(reservation: StandingReservation | null): ReservationEvent[] {
  if (reservation === null) return [];
  return [{ id: reservation.id, kind: 'withdrawn', cause: 'no-longer-waiting', promisedAtMs: null }];
}

/** The three amounts of something that has more. */
export function amountsOf({ cpuMillis, memoryMib, gpuMillis }: ResourceAmounts): ResourceAmounts {
  return { cpuMillis, memoryMib, gpuMillis };
}
