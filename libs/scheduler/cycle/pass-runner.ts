import { Injectable } from '@nestjs/common';

import { runOnBehalfOf } from '#http';
import { ChangeHints, type PassJob } from '#queue';
import { continueFrom, inSpan, type SpanFacts } from '#telemetry';

import { PassService, type PassTurn } from './pass.service.js';

/** Runs the passes of a turn on behalf of the request that caused them, and tells those that follow the cluster's events. */
@Injectable()
export class PassRunner {
  constructor(
    private readonly passes: PassService,
    private readonly hints: ChangeHints,
  ) {}

  /** @returns false when more is due, and others must have their turn first */
  async run({ clusterId, requestId, trace }: PassJob, turn: PassTurn): Promise<boolean> {
    const facts = (): SpanFacts => ({ kind: 'consumer', attributes: { 'stowage.cluster_id': clusterId } });
    const serve = (): Promise<boolean> => inSpan('passes', facts, () => this.serve(clusterId, turn));
    return continueFrom(trace, () => runOnBehalfOf(requestId, serve));
  }

  private async serve(clusterId: string, turn: PassTurn): Promise<boolean> {
    const isSettled = await this.passes.runUntilSettled(clusterId, turn);
    this.hints.changed(clusterId);
    return isSettled;
  }
}
