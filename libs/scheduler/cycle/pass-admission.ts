import { Injectable, Logger } from '@nestjs/common';

import { FairTurns, type Turn, type TurnOwner } from '#background';
import { Settings } from '#config';
import { runOnBehalfOf } from '#http';
import { Nudges, type PassJob } from '#queue';

import { PlannerPool } from '../planner/planner-pool.js';
import { TurnMetrics } from '../planner/turn-metrics.js';
import { ClusterOwners } from './cluster-owners.js';
import { type PassTurn } from './pass.service.js';
import { PassRunner } from './pass-runner.js';

/** A turn lasts so long, and to the end of the pass that runs then. */
const TURN_MS = 200;

/** A cluster that waits for its turn here, or has it. */
interface Present {
  readonly owner: TurnOwner;
  readonly turn: Turn;
  /** The job that brought it; the first of several. */
  job: PassJob;
  /** Whether a job came whose mark in Redis still stands: it keeps further nudges from making jobs until the cluster is looked at. */
  isNudged: boolean;
}

/**
 * Decides when a cluster has its passes. Those that jobs and the sweep bring wait here for their turn, each once; no job of Bull waits
 * with them. Accounts take turns, inside an account its organizations, then clusters. A pass runs only in a slot, and each slot has a planner
 * thread: no transaction is open while a pass waits. None begins before the worker has started, and none after it was told to stop.
 */
@Injectable()
export class PassAdmission {
  private readonly logger = new Logger(PassAdmission.name);
  private readonly turns: FairTurns;
  private readonly metrics: TurnMetrics;
  private readonly present = new Map<string, Present>();
  private readonly running = new Set<Promise<void>>();
  /** Clusters whose passes have failed, and when the sweep tries them again. */
  private readonly resting = new Map<string, number>();

  constructor(
    private readonly settings: Settings,
    private readonly owners: ClusterOwners,
    private readonly runner: PassRunner,
    private readonly nudges: Nudges,
    { slots, slotsOfAccount }: PlannerPool,
  ) {
    this.turns = new FairTurns({ slots, runningOfAccount: slotsOfAccount });
    this.metrics = TurnMetrics.of('pass', this.turns);
  }

  /** To be called when the worker has started. */
  open(): void {
    this.turns.open();
  }

  /**
   * Lets the cluster of a job wait for its turn, and returns: the job is done. A cluster that waits keeps its place. One that has its turn looks
   * for signals again before that ends, or gets another.
   *
   * @returns false when the worker stops: others must take the job
   */
  async bring(job: PassJob): Promise<boolean> {
    const { clusterId } = job;
    const owner = (await this.owners.of([clusterId])).get(clusterId);
    return owner === undefined || this.enter(owner, job, true);
  }

  /** Lets clusters wait for their turn; those that do, or have it, are left as they are. */
  async offer(clusterIds: readonly string[]): Promise<void> {
    const owners = await this.owners.of(clusterIds.filter((id) => !this.present.has(id)));
    for (const [clusterId, owner] of owners) if (!this.present.has(clusterId)) this.enter(owner, { clusterId }, false);
  }

  /** The clusters that the sweep leaves alone now: they wait, have their turn, or rest because a pass has failed. */
  exempt(): ReadonlySet<string> {
    const nowMs = performance.now();
    for (const [clusterId, untilMs] of this.resting) if (untilMs <= nowMs) this.resting.delete(clusterId);
    return new Set([...this.present.keys(), ...this.resting.keys()]);
  }

  /** Waits until nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** Begins no more turns, and waits for the passes that run. @returns the clusters that have waited for a turn */
  async close(): Promise<string[]> {
    const waiting = [...this.present.keys()];
    this.turns.close();
    await this.idle();
    return waiting;
  }

  private enter(owner: TurnOwner, job: PassJob, isNudged: boolean): boolean {
    const there = this.present.get(job.clusterId);
    if (there !== undefined) {
      there.isNudged ||= isNudged;
      if (there.job.requestId === undefined) there.job = job;
      return true;
    }
    const turn = this.turns.enter(owner);
    if (turn === null) return false;
    const present = { owner, turn, job, isNudged };
    this.present.set(job.clusterId, present);
    const ended: Promise<void> = this.serve(present).finally(() => this.running.delete(ended));
    this.running.add(ended);
    return true;
  }

  private async serve(present: Present): Promise<void> {
    const enteredMs = performance.now();
    const isAdmitted = await present.turn.admitted;
    if (isAdmitted) this.metrics.waited(performance.now() - enteredMs);
    const wantsMore = isAdmitted && (await this.passesOf(present));
    const { owner, job, turn, isNudged } = present;
    this.present.delete(job.clusterId);
    turn.end();
    // To the end of the line. Nothing comes between the last look at the marks and this: none is lost.
    if (wantsMore) this.enter(owner, { clusterId: job.clusterId }, isNudged);
  }

  /** The passes of one turn. @returns whether the cluster needs another */
  private async passesOf(present: Present): Promise<boolean> {
    const { clusterId, requestId } = present.job;
    const endMs = performance.now() + TURN_MS;
    const turn: PassTurn = {
      isOver: () => performance.now() >= endMs,
      beforeLooking: () => this.acceptNudges(present),
    };
    try {
      await this.acceptNudges(present);
      const isSettled = await this.runner.run(present.job, turn);
      return !isSettled || present.isNudged;
    } catch (error) {
      this.resting.set(clusterId, performance.now() + this.settings.sweepIntervalMs);
      runOnBehalfOf(requestId, () =>
        this.logger.warn(`a pass on cluster ${clusterId} failed and changed nothing: ${String(error)}`),
      );
      return false;
    }
  }

  /** From here on a nudge makes a new job: the changes of those before are seen by the look that follows. */
  private async acceptNudges(present: Present): Promise<void> {
    if (!present.isNudged) return;
    present.isNudged = false;
    await this.nudges.begin(present.job.clusterId);
  }
}
