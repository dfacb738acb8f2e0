import { InjectQueue, OnQueueFailed, Process, Processor } from '@nestjs/bull';
import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import type { Job, Queue } from 'bull';

import { isId } from '#kernel';
import { runOnBehalfOf } from '#http';
import { Nudges, PASS_JOB, PASS_QUEUE, type PassJob } from '#queue';

import { PassAdmission } from './pass-admission.js';

/** The jobs that a worker handles at a time. None waits for a pass: its cluster does, in {@link PassAdmission}. */
const MAX_JOBS = 32;

/** Turns nudges into turns of clusters. A payload that names no cluster is dropped; a pass that fails is left to the sweep, which finds its signals. */
@Processor(PASS_QUEUE)
export class PassProcessor implements BeforeApplicationShutdown {
  private readonly logger = new Logger(PassProcessor.name);

  constructor(
    @InjectQueue(PASS_QUEUE) private readonly queue: Queue<PassJob>,
    private readonly nudges: Nudges,
    private readonly admission: PassAdmission,
  ) {}

  @Process({ name: PASS_JOB, concurrency: MAX_JOBS })
  async process({ data }: Job<PassJob>): Promise<void> {
    const { clusterId } = data;
    if (!isId(clusterId)) return;
    runOnBehalfOf(data.requestId, () => this.logger.debug(`a nudge for cluster ${clusterId}`));
    // Another worker takes what this one takes no more.
    if (!(await this.admission.bring(data))) await this.handOn(clusterId);
  }

  @OnQueueFailed()
  failed({ data }: Job<PassJob>, error: Error): void {
    runOnBehalfOf(data.requestId, () =>
      this.logger.warn(`a nudge for cluster ${data.clusterId} failed; the sweep will find it: ${error.message}`),
    );
  }

  /** Takes no more jobs, finishes the passes that have begun while there is still a database, and hands on what has waited. */
  async beforeApplicationShutdown(): Promise<void> {
    const [waiting] = await Promise.all([this.admission.close(), this.queue.pause(true)]);
    await Promise.all(waiting.map((clusterId) => this.handOn(clusterId)));
  }

  private async handOn(clusterId: string): Promise<void> {
    await this.nudges.begin(clusterId);
    this.nudges.nudge(clusterId);
  }
}
