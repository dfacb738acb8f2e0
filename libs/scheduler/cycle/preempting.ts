import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { ClusterWork, type PassContext, type PreemptedDeployment, Preemptions, type Victim } from '#deployments';
import { Ledger } from '#ledger/writer';
import { keyOf, nominationsOf, type Plan, type Preemption, type WaitingShape } from '#packing';

import { type PassView } from './plan-stage.js';

/**
 * A victim or a preemptor of the plan is no longer as the snapshot had it: a cancel, a report or a start came in between. The pass
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
    private readonly work: ClusterWork,
  ) {}

  /** Preempts the victims of a plan, and releases the resources of those that need no time to stop. @throws PlanOutdated */
  async apply(
    tx: EntityManager,
    pass: PassContext,
    plan: Pick<Plan, 'place' | 'preempt' | 'reservations'>,
    view: PassView,
  ): Promise<readonly PreemptedDeployment[]> {
    const { place, preempt } = plan;
    if (preempt.length === 0) return [];
    const { stopGraceSeconds } = view.snapshot.policy;
    const nominatedOf = await this.nominated(tx, pass, plan, view);
    const victims = preempt.map((preemption) => victimsOf(preemption, place, view, nominatedOf));
    // Deployments started in this pass are locked by `schedule()`. Lock the nominated ones here.
    const nominated = victims.filter(
      ({ preemptorId }, index) =>
        !place.some(({ shape }) => shape === preempt[index]?.by) || [...nominatedOf.values()].includes(preemptorId),
    );
    if (nominated.length > 0 && !(await this.deployments.areWaiting(tx, pass, nominated))) {
      throw new PlanOutdated('a preemptor of the plan is no longer queued');
    }
    const preempted = await this.deployments.preempt(tx, pass, victims, stopGraceSeconds);
    const isAsPlanned = preempted.every(
      ({ deploymentId, isStopping }) => isStopping === stopsLater(view, deploymentId, stopGraceSeconds),
    );
    if (preempted.length < preempt.length || !isAsPlanned) {
      throw new PlanOutdated('a victim of the plan has changed');
    }
    await this.ledger.release(
      tx,
      pass,
      preempted.filter(({ isStopping }) => !isStopping),
    );
    return preempted;
  }

  /**
   * Of shapes of which some start in this pass and others are nominated: the first of those others, by index of the shape. What has to stop
   * first does so for them.
   */
  private async nominated(
    tx: EntityManager,
    { clusterId }: PassContext,
    { place, preempt, reservations }: Pick<Plan, 'place' | 'preempt' | 'reservations'>,
    { snapshot, shapes }: PassView,
  ): Promise<ReadonlyMap<number, string>> {
    const shapesNominated = new Set(nominationsOf(reservations).map(keyOf));
    const asked = new Set(preempt.map(({ by }) => by));
    const both = place.filter(
      ({ shape }) => asked.has(shape) && shapesNominated.has(keyOf(snapshot.waiting[shape] as WaitingShape)),
    );
    if (both.length === 0) return new Map();
    const most = Math.max(...both.map(({ count }) => count));
    const wanted = both.flatMap(({ shape }) => shapes[shape] ?? []);
    const heads = await this.work.oldestOf(tx, clusterId, wanted, most + 1);
    return new Map(
      both.flatMap(({ shape, count, includes }, index): [number, string][] => {
        const others = (heads[index] ?? []).filter(({ id }) => !includes.includes(id));
        const first = others[count - includes.length];
        return first === undefined ? [] : [[shape, first.id]];
      }),
    );
  }
}

function stopsLater({ singles }: PassView, id: string, stopGraceSeconds: number): boolean {
  return stopGraceSeconds > 0 && singles.get(id)?.hasStarted === true;
}

function victimsOf(
  { id, by, lostSeconds }: Preemption,
  place: Plan['place'],
  view: PassView,
  nominatedOf: ReadonlyMap<number, string>,
): Victim {
  const victim = view.singles.get(id);
  const shape = view.snapshot.waiting[by];
  if (victim === undefined || shape === undefined)
    throw new RangeError(`the plan preempts ${id}, which was not offered`);
  const started = place.find((placement) => placement.shape === by);
  const isOldestIn = started === undefined || started.count > started.includes.length;
  const first = isOldestIn ? shape.oldest.id : (started.includes[0] ?? shape.oldest.id);
  const nominated = stopsLater(view, id, view.snapshot.policy.stopGraceSeconds) ? nominatedOf.get(by) : undefined;
  return {
    id,
    version: victim.version,
    preemptorId: nominated ?? first,
    preemptorPriority: shape.priority,
    lostSeconds,
  };
}
