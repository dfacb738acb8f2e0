import { Injectable } from '@nestjs/common';

import { type ResourceVector } from '#kernel';
import { type EntityManager } from '#database';
import { type Plan } from '#packing';

import { type LockedCluster } from './locked-cluster.js';
import { Planner } from './planner.js';
import { type PassView, SnapshotReader } from './snapshot-reader.js';
import { Stopwatch } from './stopwatch.js';

/** A plan, with what it was made from and how long that took. */
export interface Planned {
  readonly view: PassView;
  readonly plan: Plan;
  /** What is to be remembered of what was seen. */
  readonly sight: Uint8Array | null;
  readonly durations: { readonly snapshot: number; readonly plan: number };
}

/** The middle of a pass: reads the snapshot, and has the planner decide. */
@Injectable()
export class Planning {
  constructor(
    private readonly reader: SnapshotReader,
    private readonly planner: Planner,
  ) {}

  /** @param allocated what is given out now, after settling */
  async plan(tx: EntityManager, cluster: LockedCluster, allocated: ResourceVector): Promise<Planned> {
    const watch = new Stopwatch();
    const view = await this.reader.read(tx, cluster, cluster.policy, allocated);
    const snapshot = watch.lap();
    const { plan, sight } = await this.planner.ask('planPass', view.snapshot);
    const reservationEvents = [...view.withdrawn, ...plan.reservationEvents];
    return { view, plan: { ...plan, reservationEvents }, sight, durations: { snapshot, plan: watch.lap() } };
  }
}
