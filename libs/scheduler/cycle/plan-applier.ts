import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { DeploymentLifecycle, type PassContext, type ScheduledDeployment, type ShapeToSchedule } from '#deployments';
import { Ledger } from '#ledger/writer';
import { gatherAfterMs, nominationsOf, ownedReservation, type Placement, type Plan } from '#packing';
import { type QueuedShape, QueueShapes } from '#queue';

import { ClusterSchedules } from '../snapshot/cluster-schedules.js';
import { type DeclaredEnd, withKeptPromise, withNominationsKept, withReservationsKept } from './kept-promise.js';
import { countLatencies, type Latencies } from '../passes/latencies.js';
import { Gatherings } from './gatherings.js';
import { cutOf } from './plan-cut.js';
import { type PassView } from './plan-stage.js';
import { PlanOutdated, Preempting } from './preempting.js';

/** What became real of a plan. */
export interface Applied {
  /** The plan, with its promise counted from what was written. */
  readonly plan: Plan;
  readonly placed: number;
  readonly preempted: number;
  /** How long those have run, in all, that wait again; of what stops first, that is not known yet. */
  readonly lostSeconds: number;
  /** Of those that were preempted: whose resources came back, so that they wait again. */
  readonly requeued: number;
  /** How long what is tried for the first time has waited. */
  readonly waits: Latencies;
  /** True when the plan does more than one transaction may. */
  readonly isCut: boolean;
}

/** The second half of a pass: makes a plan real. */
@Injectable()
export class PlanApplier {
  constructor(
    private readonly deployments: DeploymentLifecycle,
    private readonly preempting: Preempting,
    private readonly ledger: Ledger,
    private readonly queue: QueueShapes,
    private readonly gatherings: Gatherings,
    private readonly schedules: ClusterSchedules,
  ) {}

  /**
   * Preempts the victims of the plan, schedules what it places, about `limit` in all, the highest priority first, and keeps what it promises.
   *
   * @throws PlanOutdated when the plan preempts, and a deployment is no longer as the snapshot had it
   */
  async apply(tx: EntityManager, pass: PassContext, plan: Plan, view: PassView, limit: number): Promise<Applied> {
    const cut = cutOf(plan, view.snapshot, limit);
    const preempted = await this.preempting.apply(tx, pass, { ...cut, reservations: plan.reservations }, view);
    const requeued = preempted.filter(({ isStopping }) => !isStopping);
    const chosen = cut.place.map((placement) => toSchedule(placement, view.shapes));
    const scheduled = chosen.length === 0 ? [] : await this.deployments.schedule(tx, pass, chosen);
    const wanted = chosen.reduce((sum, { count }) => sum + count, 0);
    if (preempted.length > 0 && scheduled.length < wanted) {
      throw new PlanOutdated('a preemptor of the plan is no longer queued');
    }
    await this.ledger.allocate(tx, pass, scheduled);
    await this.queue.apply(tx, pass, [
      ...scheduled.map((deployment) => ({ ...deployment, change: -1 })),
      ...requeued.map((deployment) => ({ ...deployment, change: 1 })),
    ]);
    const asNominated = withNominationsKept(plan, view.snapshot, scheduled);
    const kept = withKeptPromise(
      withReservationsKept(asNominated, ownedReservation(view.snapshot.reservations), scheduled),
      scheduled.flatMap((deployment) => endOf(deployment, view.snapshot.nowMs)),
    );
    // The plan of a cordoned cluster has no nominations. Those of before remain all the same, as far as they still wait.
    const reservations = view.snapshot.isCordoned ? nominationsOf(view.snapshot.reservations) : kept.reservations;
    const owned = ownedReservation(reservations);
    await this.gatherings.follow(tx, pass, view, owned, scheduled);
    await this.schedules.write(tx, pass, view.schedule, {
      reservations,
      gatherAfterMs: gatherAfterMs({ ...view.snapshot, ...view.schedule }, owned),
      wakeAtMs: kept.wakeAtMs,
    });
    return {
      plan: kept,
      placed: scheduled.length,
      preempted: preempted.length,
      lostSeconds: requeued.reduce((sum, { lostSeconds }) => sum + lostSeconds, 0),
      requeued: requeued.length,
      waits: countLatencies(scheduled.filter(({ attempt }) => attempt === 1).map(({ waitedMs }) => waitedMs)),
      isCut: cut.isCut,
    };
  }
}

/** When the declared runtime of what was scheduled is over, if it has one. */
function endOf({ maxRuntimeSeconds, endsAtMs }: ScheduledDeployment, nowMs: number): DeclaredEnd[] {
  return endsAtMs === null || maxRuntimeSeconds === null
    ? []
    : [{ plannedMs: nowMs + maxRuntimeSeconds * 1_000, actualMs: endsAtMs }];
}

function toSchedule({ shape: index, count, includes }: Placement, shapes: readonly QueuedShape[]): ShapeToSchedule {
  const shape = shapes[index];
  if (shape === undefined) throw new RangeError(`the plan places shape ${index} of ${shapes.length}`);
  return { ...shape, count, includes };
}
