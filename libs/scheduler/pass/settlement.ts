import { Injectable } from '@nestjs/common';

import { type ResourceVector } from '#kernel';
import { type EntityManager } from '#database';
import { DeploymentLifecycle, type PassContext } from '#deployments';

import { Ledger } from '../ledger/ledger.js';

/** What a pass has settled. */
export interface Settled {
  readonly timedOut: number;
  /** Deployments whose resources came back. */
  readonly ended: number;
  readonly released: ResourceVector;
  /** True when more was due than one pass does. */
  readonly isPartial: boolean;
}

/** The first half of a pass: what ran too long ends, and what has ended gives back its resources. */
@Injectable()
export class Settlement {
  constructor(
    private readonly deployments: DeploymentLifecycle,
    private readonly ledger: Ledger,
  ) {}

  /** Settles what is due, at most `limit` of each kind. */
  async settle(tx: EntityManager, pass: PassContext, limit: number): Promise<Settled> {
    const timedOut = await this.deployments.timeOut(tx, pass, limit);
    const ended = await this.deployments.takeUnsettled(tx, pass, limit);
    const released = await this.ledger.release(tx, pass, ended);
    return { timedOut, ended: ended.length, released, isPartial: timedOut === limit || ended.length === limit };
  }
}
