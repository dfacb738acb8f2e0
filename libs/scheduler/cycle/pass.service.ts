import { Injectable } from '@nestjs/common';

import { newId } from '#kernel';
import { Settings } from '#config';
import { Database, type EntityManager, preferIndexes } from '#database';
import { type PassContext } from '#deployments';
import { type Plan } from '#packing';
import { ClusterSignals } from '#queue';
import { inSpan } from '#telemetry';

import { type PassResult } from './after-pass-queue.js';
import { lockCluster } from './locked-cluster.js';
import { PassRecords } from './pass-records.js';
import { PlanApplier } from './plan-applier.js';
import { PlanStage } from './plan-stage.js';
import { PlanOutdated } from './preempting.js';
import { Settlement } from './settlement.js';
import { Stopwatch } from './stopwatch.js';

/** How a pass ended: another one is at work there, the cluster is gone, or it did what there was to do - or as much as one may. */
export type PassOutcome =
  | { readonly kind: 'busy' | 'gone' }
  | { readonly kind: 'done'; readonly placed: number; readonly released: number; readonly isPartial: boolean };

/** How long passes on one cluster follow each other. */
export interface PassTurn {
  /** Whether others must have their turn first. What is left keeps its signal. */
  isOver(): boolean;
  /** Called before each search for signals. */
  beforeLooking(): Promise<void>;
}

/** A turn without an end of its own. */
const UNSHARED: PassTurn = { isOver: () => false, beforeLooking: () => Promise.resolve() };

/** A pass that was run, and what there is to tell of it once it has committed. */
interface Ran {
  readonly outcome: PassOutcome;
  readonly remains: PassResult | null;
}

/** Nothing to do, nothing to tell. */
const QUIET: Ran = { outcome: { kind: 'done', placed: 0, released: 0, isPartial: false }, remains: null };

/**
 * The most runs of one pass: it runs again where a victim was cancelled or reported meanwhile. The last run preempts nothing: a locked row
 * delays no cluster.
 */
const MAX_TRIES = 4;

/** The time after which another pass looks, where the last run preempted nothing. */
const LOOK_AGAIN_MS = 250;

/** One statement of a pass may take so long. */
const PASS_STATEMENT_TIMEOUT_MS = 30_000;

/**
 * The pass: the single writer of the ledger, and the only place where a plan becomes real.
 *
 * Correct however many run at once, and whenever one dies: everything happens in one transaction under the cluster's row lock, and what
 * it took from the signals comes back when it does not commit.
 */
@Injectable()
export class PassService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly signals: ClusterSignals,
    private readonly settlement: Settlement,
    private readonly planStage: PlanStage,
    private readonly applier: PlanApplier,
    private readonly records: PassRecords,
  ) {}

  /**
   * Runs passes on a cluster until nothing has changed since the last one began, or the turn is over. A cluster that another worker serves
   * is left to it.
   *
   * @returns false when more is due, and others must have their turn first
   */
  async runUntilSettled(clusterId: string, turn: PassTurn = UNSHARED): Promise<boolean> {
    for (;;) {
      const outcome = await this.run(clusterId);
      if (outcome.kind !== 'done') return true;
      await turn.beforeLooking();
      if (!(await this.signals.areWaiting(this.database.reader(), clusterId))) return true;
      if (turn.isOver()) return false;
    }
  }

  /** Runs one pass on one cluster, from its beginning again where a victim has changed meanwhile. */
  async run(clusterId: string): Promise<PassOutcome> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.runOnce(clusterId, tries < MAX_TRIES);
      } catch (error) {
        if (!(error instanceof PlanOutdated) || tries === MAX_TRIES) throw error;
      }
    }
  }

  private async runOnce(clusterId: string, mayPreempt: boolean): Promise<PassOutcome> {
    return inSpan(
      'pass',
      () => ({ attributes: { 'stowage.cluster_id': clusterId } }),
      async () => {
        const { outcome, remains } = await this.database.transaction((tx) => this.runIn(tx, clusterId, mayPreempt), {
          statementTimeoutMs: PASS_STATEMENT_TIMEOUT_MS,
        });
        if (remains !== null) this.records.committed(remains);
        return outcome;
      },
    );
  }

  private async runIn(tx: EntityManager, clusterId: string, mayPreempt: boolean): Promise<Ran> {
    const watch = new Stopwatch();
    await preferIndexes(tx);

    // 1. Lock the cluster.
    const cluster = await lockCluster(tx, clusterId);
    if (cluster === 'busy' || cluster === 'gone') return { outcome: { kind: cluster }, remains: null };
    const pass: PassContext = { organizationId: cluster.organizationId, clusterId, passId: newId() };

    // 2. Do what is due by time and take the signals, before anything else is read. 3. What has ended gives back its resources.
    const limit = this.settings.passMaxRows;
    const settled = await this.settlement.settle(tx, pass, limit);
    // A nudge that came late: the pass before has seen what it was for, and there is nothing to tell of this one.
    if (settled.isQuiet) return QUIET;
    const plannable = await this.settlement.plannable(tx, pass, cluster);
    const settle = watch.lap();

    // 4. Read the snapshot. 5. Decide, in another thread.
    const allocated = cluster.allocated.minus(settled.released);
    const {
      view,
      plan: made,
      decision,
      encodedSnapshot,
      durations,
    } = await this.planStage.plan(tx, pass, plannable, allocated, mayPreempt);
    const planned = mayPreempt ? made : lookingAgain(made, cluster.nowMs);
    watch.lap();

    // 6. Apply as much as one transaction may, highest priority first.
    const applied = await this.applier.apply(tx, pass, planned, view, limit - settled.ended);
    const { plan } = applied;

    // 7. Leave a record, and a signal when more is due.
    const isDueAgain = plan.wakeAtMs !== null && plan.wakeAtMs <= cluster.nowMs;
    const isPartial = applied.isCut || settled.isPartial || isDueAgain;
    if (isPartial || applied.requeued > 0) await this.signals.announce(tx, pass, 'more-to-do');
    await this.records.write(tx, pass, {
      triggers: settled.reasons.length === 0 ? ['sweep'] : settled.reasons,
      startedAtMs: cluster.nowMs,
      waiting: view.shapes.reduce((sum, shape) => sum + shape.waiting, 0),
      shapes: view.shapes.length,
      placed: applied.placed,
      waits: applied.waits,
      preempted: applied.preempted,
      lostSeconds: settled.lostSeconds + applied.lostSeconds,
      released: settled.ended + applied.requeued,
      turn: applied.placed === 0 ? null : settled.endedMsAgo,
      timedOut: settled.timedOut,
      isPartial,
      plan,
      decision,
      encodedSnapshot,
      durations: { settle, ...durations, apply: watch.lap() },
    });
    return {
      outcome: { kind: 'done', placed: applied.placed, released: settled.ended, isPartial },
      remains: { pass, snapshot: view.snapshot, plan, stops: plannable.stops },
    };
  }
}

/** A plan after which another pass looks again soon. */
function lookingAgain(plan: Plan, nowMs: number): Plan {
  return { ...plan, wakeAtMs: Math.min(plan.wakeAtMs ?? Infinity, nowMs + LOOK_AGAIN_MS) };
}
