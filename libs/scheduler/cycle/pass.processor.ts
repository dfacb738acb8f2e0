import { InjectQueue } from '@nestjs/bull';
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Job, Queue } from 'bull';

import { isId } from '#kernel';
import { Settings } from '#config';
import { runOnBehalfOf } from '#http';
import { Nudges, PASS_JOB, PASS_QUEUE, type PassJob } from '#queue';
import { continueFrom, inSpan, type SpanFacts } from '#telemetry';

import { ClusterTurns } from './cluster-turns.js';

/** Turns nudges into passes. A payload that names no cluster is dropped; a pass that fails is left to the sweep, which finds its signals. */
@Injectable()
export class PassProcessor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(PassProcessor.name);

  constructor(
    @InjectQueue(PASS_QUEUE) private readonly queue: Queue<PassJob>,
    private readonly settings: Settings,
    private readonly nudges: Nudges,
    private readonly turns: ClusterTurns,
  ) {}

  /** Registered here and not by a decorator, because how many clusters are served at once is a setting. */
  onApplicationBootstrap(): void {
    this.queue.on('failed', ({ data }: Job<PassJob>, error: Error) =>
      runOnBehalfOf(data.requestId, () =>
        this.logger.warn(`a pass on cluster ${data.clusterId} failed and changed nothing: ${error.message}`),
      ),
    );
    void this.queue.process(PASS_JOB, this.settings.workerConcurrency, async ({ data }) => this.run(data));
  }

  /** Takes no more jobs, and finishes the passes that have begun while there is still a database. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.pause(true);
  }

  /** Serves one nudge. */
  async run({ clusterId, requestId, trace }: PassJob): Promise<void> {
    if (!isId(clusterId)) return;
    const facts = (): SpanFacts => ({ kind: 'consumer', attributes: { 'stowage.cluster_id': clusterId } });
    const serve = (): Promise<void> => inSpan('passes', facts, () => this.serve(clusterId));
    await continueFrom(trace, () => runOnBehalfOf(requestId, serve));
  }

  private async serve(clusterId: string): Promise<void> {
    this.logger.debug(`a nudge for cluster ${clusterId}`);
    await this.nudges.begin(clusterId);
    if (!(await this.turns.take(clusterId))) this.nudges.nudge(clusterId);
  }
}
