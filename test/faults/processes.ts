import { Pool } from 'pg';

import { aTeam, type Team } from '../support/people.js';
import { type StartOptions, Stowage } from '../support/stowage.js';
import { WorkerProcess } from './worker-process.js';

/** An API in this process, a team, and workers in processes of their own, which tests start one by one and then kill, freeze or cut off. */
export class WorkerProcesses {
  private readonly workers: WorkerProcess[] = [];

  private constructor(
    readonly stowage: Stowage,
    readonly team: Team,
    readonly pool: Pool,
  ) {}

  static async start(options: StartOptions = {}): Promise<WorkerProcesses> {
    const stowage = await Stowage.start({ workers: 0, ...options });
    const pool = new Pool({ connectionString: stowage.database.url, max: 4 });
    return new WorkerProcesses(stowage, await aTeam(stowage.client), pool);
  }

  async startWorker(): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start(this.stowage);
    this.workers.push(worker);
    return worker;
  }

  async killWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()));
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.stowage.stop();
  }
}
