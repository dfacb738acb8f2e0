import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { type PassContext, type ScheduledDeployment } from '#deployments';
import { isSameShape, type OwnedReservation, ownedReservation } from '#packing';

import { type ExpectedEnd, GatheredRuns } from '../snapshot/gathered-runs.js';
import { type PassView } from './plan-stage.js';

/** Keeps the runs that a gathering counts on, from the pass that begins it to the one that ends it. */
@Injectable()
export class Gatherings {
  constructor(private readonly gathered: GatheredRuns) {}

  /** @param after the reservation that the pass leaves */
  async follow(
    tx: EntityManager,
    pass: PassContext,
    view: PassView,
    after: OwnedReservation | null,
    scheduled: readonly ScheduledDeployment[],
  ): Promise<void> {
    const before = ownedReservation(view.schedule.reservations);
    const isNew = before?.id !== after?.id || before?.sinceMs !== after?.sinceMs || before?.state !== after?.state;
    if (isNew && before?.state === 'gathering') await this.gathered.clear(tx, pass);
    if (after?.state !== 'gathering') return;
    const ends = [...(isNew ? view.expectedEnds : []), ...endsOfStarts(view, scheduled)];
    await this.gathered.add(
      tx,
      pass,
      ends.filter(({ endMs }) => endMs <= after.untilMs),
    );
  }
}

/** When what starts without a declared end is expected to end, as the planner took it. */
function endsOfStarts(
  { snapshot: { waiting, nowMs } }: PassView,
  scheduled: readonly ScheduledDeployment[],
): ExpectedEnd[] {
  return scheduled.flatMap((one): ExpectedEnd[] => {
    if (one.maxRuntimeSeconds !== null) return [];
    const seconds = waiting.find((other) => isSameShape(other, { ...one, request: one }))?.expectedRuntimeSeconds;
    return seconds === undefined ? [] : [{ deploymentId: one.deploymentId, endMs: nowMs + seconds * 1_000 }];
  });
}
