import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, type ResourceVector } from '#kernel';
import { type EntityManager } from '#database';
import { DeploymentLifecycle, type WaitingDeployment } from '#deployments';
import {
  type PlanningPolicy,
  type ReservationEvent,
  type RunningGroup,
  type Snapshot,
  type StandingReservation,
} from '#packing';
import { type QueuedShape, QueueShapes } from '#queue';

import { ClusterSchedules, type Schedule } from './cluster-schedules.js';
import { type LockedCluster } from './locked-cluster.js';

/** What a pass sees: the planner's problem, and what its parts stand for. */
export interface PassView {
  readonly snapshot: Snapshot;
  /** The shapes of `snapshot.waiting`, at the same positions. */
  readonly shapes: readonly QueuedShape[];
  readonly schedule: Schedule;
  /** What became of a reservation before there is anything to plan. */
  readonly withdrawn: readonly ReservationEvent[];
}

/** Where no deployment can be given a reservation, no age matters to a plan on shapes. */
const AGELESS: WaitingDeployment = { id: '', queuedAtMs: 0 };

/** Reads what a plan depends on, and no more: its cost follows the shapes that wait, and what runs only where that decides something. */
@Injectable()
export class SnapshotReader {
  constructor(
    private readonly queue: QueueShapes,
    private readonly deployments: DeploymentLifecycle,
    private readonly schedules: ClusterSchedules,
  ) {}

  /** @param allocated what is given out now, after settling */
  async read(
    tx: EntityManager,
    cluster: LockedCluster,
    policy: PlanningPolicy,
    allocated: ResourceVector,
  ): Promise<PassView> {
    const { schedule, isHolderWaiting } = await this.schedules.read(tx, cluster.clusterId);
    const standing = isHolderWaiting ? schedule.reservation : null;
    const all = await this.queue.read(tx, cluster.clusterId);
    const heads = policy.reserveAfterSeconds === null ? null : await this.deployments.oldestOf(tx, cluster, all);
    const waiting = all.flatMap((shape, position) => {
      const oldest = heads === null ? AGELESS : heads.get(position);
      return oldest === undefined ? [] : [{ shape, oldest }];
    });
    const isAnyoneDue = waiting.some(({ oldest }) => isDue(oldest, policy, cluster.nowMs));
    const needsRunning = heads !== null && (isAnyoneDue || standing !== null);
    const running = needsRunning ? await this.running(tx, cluster) : sumOf(allocated);
    return {
      snapshot: {
        capacity: cluster.capacity.toAmounts(),
        nowMs: cluster.nowMs,
        policy,
        isCordoned: cluster.isCordoned,
        running,
        waiting: waiting.map(({ shape, oldest }) => ({
          priority: shape.priority,
          request: amountsOf(shape),
          maxRuntimeSeconds: shape.maxRuntimeSeconds === 0 ? null : shape.maxRuntimeSeconds,
          count: shape.waiting,
          oldest,
        })),
        reservation: standing,
      },
      shapes: waiting.map(({ shape }) => shape),
      schedule,
      withdrawn: isHolderWaiting ? [] : withdrawnFrom(schedule.reservation),
    };
  }

  private async running(tx: EntityManager, cluster: LockedCluster): Promise<RunningGroup[]> {
    const groups = await this.deployments.holding(tx, cluster);
    return groups.map((group) => ({
      priority: group.priority,
      resources: amountsOf(group),
      count: group.count,
      endsAtMs: group.endsAtMs,
    }));
  }
}

/** Who waits no more has no reservation, even where others of the same shape still wait. */
function withdrawnFrom(reservation: StandingReservation | null): ReservationEvent[] {
  if (reservation === null) return [];
  return [{ id: reservation.id, kind: 'withdrawn', cause: 'no-longer-waiting', promisedAtMs: null }];
}

/** Without reservations, what runs matters by its sum alone. */
function sumOf(allocated: ResourceVector): RunningGroup[] {
  return allocated.isZero() ? [] : [{ priority: 0, resources: allocated.toAmounts(), count: 1, endsAtMs: null }];
}

function isDue({ queuedAtMs }: WaitingDeployment, { reserveAfterSeconds }: PlanningPolicy, nowMs: number): boolean {
  return reserveAfterSeconds !== null && nowMs - queuedAtMs >= reserveAfterSeconds * 1_000;
}

function amountsOf({ cpuMillis, memoryMib, gpuMillis }: ResourceAmounts): ResourceAmounts {
  return { cpuMillis, memoryMib, gpuMillis };
}
