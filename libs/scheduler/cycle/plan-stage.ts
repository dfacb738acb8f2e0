import { Injectable } from '@nestjs/common';

import { type ResourceVector } from '#kernel';
import { Settings } from '#config';
import { type EntityManager } from '#database';
import { type PassContext, type RunningDeployment } from '#deployments';
import { type Plan, type ReservationEvent, type Snapshot } from '#packing';
import { type QueuedShape } from '#queue';

import { type StoredDecision } from '../decisions/chain.js';
import { type ChainHead, type Recording } from '../decisions/decision-recorder.js';
import { SnapshotReader } from '../snapshot/snapshot-reader.js';
import { type Schedule } from '../snapshot/cluster-schedules.js';
import { type ExpectedEnd } from '../snapshot/gathered-runs.js';
import { type LockedCluster } from './locked-cluster.js';
import type { planPass } from '../planner/plan-pass.task.js';
import { PlannerPool } from '../planner/planner-pool.js';
import { plannerTask } from '../planner/planner-task.js';
import { Stopwatch } from './stopwatch.js';

const PLAN_PASS = plannerTask<typeof planPass>(new URL('../planner/plan-pass.task.js', import.meta.url), 'planPass');

/** What a pass sees: the planner's problem, and what its parts stand for. */
export interface PassView {
  readonly snapshot: Snapshot;
  /** The shapes of `snapshot.waiting`, at the same positions. */
  readonly shapes: readonly QueuedShape[];
  /** Candidates for preemption, and victims that still stop, by id. */
  readonly singles: ReadonlyMap<string, RunningDeployment>;
  /** When what runs without a declared end is expected to end. */
  readonly expectedEnds: readonly ExpectedEnd[];
  readonly schedule: Schedule;
  /** The last recorded decision; null where there is none. */
  readonly head: ChainHead | null;
  /** What became of a reservation before there is anything to plan. */
  readonly withdrawn: readonly ReservationEvent[];
}

/** A plan, with what it was made from and how long that took. */
export interface Planned {
  readonly view: PassView;
  readonly plan: Plan;
  /** What the planner was given and answered, as a link of the cluster's chain; null where decisions are not recorded. */
  readonly decision: StoredDecision | null;
  /** What is to be remembered of what was seen. */
  readonly encodedSnapshot: Uint8Array | null;
  readonly durations: { readonly snapshot: number; readonly plan: number };
}

/** The middle of a pass: reads the snapshot, and has the planner decide. */
@Injectable()
export class PlanStage {
  constructor(
    private readonly reader: SnapshotReader,
    private readonly planner: PlannerPool,
    private readonly settings: Settings,
  ) {}

  /**
   * @param pass the pass to which the decision belongs
   * @param allocated what is given out now, after settling
   * @param mayPreempt false where nothing may be preempted, whatever the policy says
   */
  async plan(
    tx: EntityManager,
    pass: PassContext,
    cluster: LockedCluster,
    allocated: ResourceVector,
    mayPreempt: boolean,
  ): Promise<Planned> {
    const watch = new Stopwatch();
    const view = await this.view(tx, cluster, allocated, mayPreempt);
    const snapshot = watch.lap();
    const recording = this.recording(pass, view.head);
    const planned = await this.planner.ask(PLAN_PASS, { snapshot: view.snapshot, recording });
    const { plan, decision, encodedSnapshot } = planned;
    const reservationEvents = [...view.withdrawn, ...plan.reservationEvents];
    const durations = { snapshot, plan: watch.lap() };
    return { view, plan: { ...plan, reservationEvents }, decision, encodedSnapshot, durations };
  }

  private recording({ clusterId, passId }: PassContext, head: ChainHead | null): Recording | null {
    return this.settings.decisionLogDays === 0 ? null : { clusterId, passId, head };
  }

  private async view(
    tx: EntityManager,
    cluster: LockedCluster,
    allocated: ResourceVector,
    mayPreempt: boolean,
  ): Promise<PassView> {
    const { capacity, nowMs, policy, stops } = cluster;
    const { problem, shapes, holding, schedule, head, withdrawn } = await this.reader.read(tx, cluster, {
      kind: 'deciding',
      allocated,
      capacity,
      mayPreempt,
    });
    return {
      snapshot: { capacity: capacity.toAmounts(), nowMs, policy, isCordoned: stops.length > 0, ...problem },
      shapes,
      singles: new Map(holding.flatMap((group) => ('id' in group ? [[group.id, group]] : []))),
      expectedEnds: holding.flatMap(({ expected }) =>
        expected === undefined ? [] : expected.ids.map((deploymentId) => ({ deploymentId, endMs: expected.endMs })),
      ),
      schedule,
      head,
      withdrawn,
    };
  }
}
