import { Injectable } from '@nestjs/common';

import { type ResourceVector } from '#kernel';
import { PendingCapacity } from '#clusters';
import { type EntityManager } from '#database';
import { DeploymentLifecycle, type EndedAttempt, type PassContext } from '#deployments';
import { Ledger } from '#ledger/writer';
import { ClusterSignals, type SignalReason } from '#queue';
import { RuntimeLearning } from '#runtimes';

import { ClusterSchedules } from '../snapshot/cluster-schedules.js';
import { type LockedCluster } from './locked-cluster.js';

/** What a pass has settled. */
export interface Settled {
  /** Why the pass was wanted, by the signals that it took. */
  readonly reasons: readonly SignalReason[];
  readonly timedOut: number;
  /** Deployments whose resources came back. */
  readonly ended: number;
  readonly released: ResourceVector;
  /** How long those had run, in all, that gave way and have stopped since. */
  readonly lostSeconds: number;
  /** True when nothing has happened in the cluster since the last pass, so that another plan would be the same as that pass's. */
  readonly isQuiet: boolean;
  /** When the first of them ended: milliseconds ago, by the database's clock; null where nothing ended. */
  readonly endedMsAgo: number | null;
  /** True when more was due than one pass does. */
  readonly isPartial: boolean;
}

/** The first half of a pass: what is due by time happens, and what has ended gives back its resources. */
@Injectable()
export class Settlement {
  constructor(
    private readonly signals: ClusterSignals,
    private readonly deployments: DeploymentLifecycle,
    private readonly ledger: Ledger,
    private readonly runtimes: RuntimeLearning,
    private readonly pending: PendingCapacity,
    private readonly schedules: ClusterSchedules,
  ) {}

  /**
   * Settles what is due, at most `limit` of each kind.
   *
   * What happens by time comes before the signals are taken, and counts with them: a deployment that is seen to be due was announced by a
   * signal that is then seen, too. What has ended comes after them: it commits with a signal, so that what is not seen wants another pass.
   */
  async settle(tx: EntityManager, pass: PassContext, limit: number): Promise<Settled> {
    const due = await this.deployments.takeDue(tx, pass, limit);
    const taken = await this.signals.take(tx, pass, due.queue);
    const ended = await this.deployments.takeUnsettled(tx, pass, limit);
    const returned = [...due.stopped, ...ended];
    const released = await this.ledger.release(tx, pass, returned);
    await this.runtimes.learn(tx, pass, ended);
    const isSilent = taken.reasons.length === 0 && due.changed === 0 && ended.length === 0;
    return {
      reasons: taken.reasons,
      timedOut: due.timedOut,
      ended: returned.length,
      released,
      lostSeconds: due.lostSeconds,
      isQuiet: isSilent && !(await this.schedules.isDue(tx, pass.clusterId)),
      endedMsAgo: longest(ended),
      isPartial: taken.isPartial || due.changed === limit || ended.length === limit,
    };
  }

  /** The cluster as it may be planned for after settling: a pending capacity takes effect, or nothing new starts until it can. */
  async plannable(tx: EntityManager, pass: PassContext, cluster: LockedCluster): Promise<LockedCluster> {
    if (!cluster.hasPendingCapacity) return cluster;
    const { capacity, isPending } = await this.pending.apply(tx, pass);
    return { ...cluster, capacity, stops: isPending ? [...cluster.stops, 'CAPACITY_PENDING'] : cluster.stops };
  }
}

function longest(ended: readonly EndedAttempt[]): number | null {
  return ended.reduce<number | null>(
    (most, { endedMsAgo }) => (endedMsAgo === null ? most : Math.max(most ?? 0, endedMsAgo)),
    null,
  );
}
