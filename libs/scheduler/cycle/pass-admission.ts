import { Injectable } from '@nestjs/common';

import { Settings } from '#config';

/**
 * Decides when the pass of a job may begin: at most STOWAGE_WORKER_CONCURRENCY run at a time, in the order in which they came. None begins
 * before the worker has started, and none after it was told to stop.
 */
@Injectable()
export class PassAdmission {
  private readonly waiting: ((isAdmitted: boolean) => void)[] = [];
  private state: 'starting' | 'open' | 'closed' = 'starting';
  private running = 0;

  constructor(private readonly settings: Settings) {}

  /** Runs a pass when its turn has come. @returns false when the worker stops before: the pass has not begun */
  async run(pass: () => Promise<void>): Promise<boolean> {
    if (!(await this.enter())) return false;
    try {
      await pass();
      return true;
    } finally {
      this.running--;
      this.admit();
    }
  }

  /** To be called when the worker has started. */
  open(): void {
    this.state = 'open';
    this.admit();
  }

  /** Sends away what waits. What runs goes on. */
  close(): void {
    this.state = 'closed';
    for (const answer of this.waiting.splice(0)) answer(false);
  }

  private async enter(): Promise<boolean> {
    if (this.state === 'closed') return false;
    const admitted = new Promise<boolean>((resolve) => this.waiting.push(resolve));
    this.admit();
    return admitted;
  }

  private admit(): void {
    while (this.state === 'open' && this.running < this.settings.workerConcurrency) {
      const answer = this.waiting.shift();
      if (answer === undefined) return;
      this.running++;
      answer(true);
    }
  }
}
