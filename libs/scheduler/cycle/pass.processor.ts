import { InjectQueue, OnQueueFailed, Process, Processor } from '@nestjs/bull';
import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import type { Job, Queue } from 'bull';

import { isId } from '#kernel';
import { runOnBehalfOf } from '#http';
import { Nudges, PASS_JOB, PASS_QUEUE, type PassJob } from '#queue';
import { continueFrom, inSpan, type SpanFacts } from '#telemetry';

import { PassRunner } from './pass-runner.js';
import { PassAdmission } from './pass-admission.js';

/** The jobs that a worker takes from the queue. How many of them run at a time is decided by {@link PassAdmission}. */
const MAX_JOBS = 256;

/** Turns nudges into passes. A payload that names no cluster is dropped; a pass that fails is left to the sweep, which finds its signals. */
@Processor(PASS_QUEUE)
export class PassProcessor implements BeforeApplicationShutdown {
  private readonly logger = new Logger(PassProcessor.name);

  constructor(
    @InjectQueue(PASS_QUEUE) private readonly queue: Queue<PassJob>,
    private readonly nudges: Nudges,
    private readonly admission: PassAdmission,
    private readonly runner: PassRunner,
  ) {}

  @Process({ name: PASS_JOB, concurrency: MAX_JOBS })
  async process({ data }: Job<PassJob>): Promise<void> {
    const { clusterId } = data;
    if (!isId(clusterId)) return;
    // Another worker takes what this one takes no more.
    if (!(await this.admission.run(() => this.run(data)))) await this.handOn(clusterId);
  }

  @OnQueueFailed()
  failed({ data }: Job<PassJob>, error: Error): void {
    runOnBehalfOf(data.requestId, () =>
      this.logger.warn(`a pass on cluster ${data.clusterId} failed and changed nothing: ${error.message}`),
    );
  }

  /** Takes no more jobs, and finishes the passes that have begun while there is still a database. */
  async beforeApplicationShutdown(): Promise<void> {
    this.admission.close();
    await this.queue.pause(true);
  }

  private async run({ clusterId, requestId, trace }: PassJob): Promise<void> {
    const facts = (): SpanFacts => ({ kind: 'consumer', attributes: { 'stowage.cluster_id': clusterId } });
    const serve = (): Promise<void> => inSpan('passes', facts, () => this.serve(clusterId));
    await continueFrom(trace, () => runOnBehalfOf(requestId, serve));
  }

  private async serve(clusterId: string): Promise<void> {
    this.logger.debug(`a nudge for cluster ${clusterId}`);
    await this.nudges.begin(clusterId);
    if (!(await this.runner.run(clusterId))) this.nudges.nudge(clusterId);
  }

  private async handOn(clusterId: string): Promise<void> {
    await this.nudges.begin(clusterId);
    this.nudges.nudge(clusterId);
  }
}
