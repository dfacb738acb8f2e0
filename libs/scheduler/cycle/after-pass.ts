import { Injectable, Module } from '@nestjs/common';

import { type PassContext } from '#deployments';
import { type ClusterStop, type Plan, type Snapshot } from '#packing';

/** What a pass saw and decided. */
export interface PassResult {
  readonly pass: PassContext;
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** Why nothing starts, where that is so. */
  readonly stops: readonly ClusterStop[];
}

/** Tells the rest of the worker of each pass that has committed. A listener returns at once and never throws. */
@Injectable()
export class AfterPass {
  private readonly listeners: ((result: PassResult) => void)[] = [];

  subscribe(listener: (result: PassResult) => void): void {
    this.listeners.push(listener);
  }

  announce(result: PassResult): void {
    for (const listener of this.listeners) listener(result);
  }
}

/** The one {@link AfterPass} of a process. */
@Module({ providers: [AfterPass], exports: [AfterPass] })
export class AfterPassModule {}
