import { Injectable } from '@nestjs/common';

import { ChangeHints } from '#queue';

import { PassService } from './pass.service.js';

/** Runs the passes of a cluster, for a job or for the sweep, and tells those that follow its events. */
@Injectable()
export class PassRunner {
  constructor(
    private readonly passes: PassService,
    private readonly hints: ChangeHints,
  ) {}

  /** @returns false when more is due, and others must have their turn first */
  async run(clusterId: string): Promise<boolean> {
    const isSettled = await this.passes.runUntilSettled(clusterId);
    this.hints.changed(clusterId);
    return isSettled;
  }
}
