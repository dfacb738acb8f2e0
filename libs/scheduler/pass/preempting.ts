import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { type Displacement, type PassContext, type PreemptedDeployment, Preemptions } from '#deployments';
import { type Plan, type Preemption } from '#packing';

import { Ledger } from '../ledger/ledger.js';
import { type PassView } from './planning.js';

/**
 * Somebody whom a plan preempts, or for whom it does so, is not as the plan saw it: a cancel, a report or a start came in between. The pass
 * changes nothing, and is run again at once.
 */
export class PlanOutdated extends Error {
  override readonly name = 'PlanOutdated';
}

/** The preempting half of making a plan real: it comes before anything is placed. */
@Injectable()
export class Preempting {
  constructor(
    private readonly deployments: Preemptions,
    private readonly ledger: Ledger,
  ) {}

  /** Preempts whom a plan gives up, and takes back what they hold, but for those that have to be stopped first. @throws PlanOutdated */
  async apply(
    tx: EntityManager,
    pass: PassContext,
    { place, preempt }: Pick<Plan, 'place' | 'preempt'>,
    view: PassView,
  ): Promise<readonly PreemptedDeployment[]> {
    if (preempt.length === 0) return [];
    const { stopGraceSeconds } = view.snapshot.policy;
    const displacements = preempt.map((preemption) => displacementOf(preemption, place, view));
    // Whoever starts in this pass is held by that; whoever only gets a claim would not be missed.
    const claimants = displacements.filter((_, index) => !place.some(({ shape }) => shape === preempt[index]?.by));
    if (claimants.length > 0 && !(await this.deployments.areWaiting(tx, pass, claimants))) {
      throw new PlanOutdated('somebody for whom the plan asks others to stop waits no more');
    }
    const preempted = await this.deployments.preempt(tx, pass, displacements, stopGraceSeconds);
    const isAsPlanned = preempted.every(
      ({ deploymentId, isStopping }) => isStopping === stopsLater(view, deploymentId, stopGraceSeconds),
    );
    if (preempted.length < preempt.length || !isAsPlanned) {
      throw new PlanOutdated('somebody whom the plan preempts is not as it was');
    }
    await this.ledger.release(
      tx,
      pass,
      preempted.filter(({ isStopping }) => !isStopping),
    );
    return preempted;
  }
}

function stopsLater({ singles }: PassView, id: string, stopGraceSeconds: number): boolean {
  return stopGraceSeconds > 0 && singles.get(id)?.hasStarted === true;
}

function displacementOf({ id, by, lostSeconds }: Preemption, place: Plan['place'], view: PassView): Displacement {
  const victim = view.singles.get(id);
  const shape = view.snapshot.waiting[by];
  if (victim === undefined || shape === undefined)
    throw new RangeError(`the plan preempts ${id}, which was not offered`);
  const preemptorId = place.find((placement) => placement.shape === by)?.includes[0] ?? shape.oldest.id;
  return { id, version: victim.version, preemptorId, preemptorPriority: shape.priority, lostSeconds };
}
