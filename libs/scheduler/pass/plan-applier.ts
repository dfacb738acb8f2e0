import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { DeploymentLifecycle, type PassContext, type ShapeToSchedule } from '#deployments';
import { type Plan } from '#packing';
import { type QueuedShape, QueueShapes } from '#queue';

import { Ledger } from '../ledger/ledger.js';
import { ClusterSchedules } from './cluster-schedules.js';
import { countLatencies, type Latencies } from './latencies.js';
import { type PassView } from './planning.js';

/** What became real of a plan. */
export interface Applied {
  readonly placed: number;
  /** How long what is tried for the first time has waited. */
  readonly waits: Latencies;
  /** True when the plan places more than one transaction may. */
  readonly isCut: boolean;
}

/** The second half of a pass: makes a plan real. */
@Injectable()
export class PlanApplier {
  constructor(
    private readonly deployments: DeploymentLifecycle,
    private readonly ledger: Ledger,
    private readonly queue: QueueShapes,
    private readonly schedules: ClusterSchedules,
  ) {}

  /** Schedules what the plan places, at most `limit`, the highest priority first, and keeps what it promises. */
  async apply(tx: EntityManager, pass: PassContext, plan: Plan, view: PassView, limit: number): Promise<Applied> {
    const { chosen, isCut } = firstOf(plan, view.shapes, limit);
    const scheduled = chosen.length === 0 ? [] : await this.deployments.schedule(tx, pass, chosen);
    await this.ledger.allocate(tx, pass, scheduled);
    await this.queue.apply(
      tx,
      pass,
      scheduled.map((deployment) => ({ ...deployment, change: -1 })),
    );
    const { reservation, wakeAtMs } = plan;
    await this.schedules.write(tx, pass, view.schedule, { reservation, wakeAtMs });
    const waits = countLatencies(scheduled.filter(({ attempt }) => attempt === 1).map(({ waitedMs }) => waitedMs));
    return { placed: scheduled.length, waits, isCut };
  }
}

/** The first `limit` placements of a plan, which lists the highest priority first. */
function firstOf(
  plan: Plan,
  shapes: readonly QueuedShape[],
  limit: number,
): { chosen: ShapeToSchedule[]; isCut: boolean } {
  const chosen: ShapeToSchedule[] = [];
  let left = limit;
  for (const { shape: index, count, includes } of plan.place) {
    const shape = shapes[index];
    if (shape === undefined) throw new RangeError(`the plan places shape ${index} of ${shapes.length}`);
    if (left === 0) return { chosen, isCut: true };
    const taken = Math.min(count, left);
    left -= taken;
    chosen.push({ ...shape, count: taken, includes: includes.slice(0, taken) });
    if (taken < count) return { chosen, isCut: true };
  }
  return { chosen, isCut: false };
}
