import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { type Pool } from 'pg';

import { workerEnvironment } from '#config';

import { type Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

/** A worker or an API as built, in a process of its own, which tests send signals to. */
export class WorkerProcess {
  private said = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.said += chunk.toString();
      });
    }
  }

  /** Joins an installation, and waits until it serves. */
  static async start(stowage: Stowage): Promise<WorkerProcess> {
    return WorkerProcess.spawn(stowage, 'worker', 'worker is running');
  }

  /** An API that joins an installation, on a port of its own: see {@link url}. */
  static async startApi(stowage: Stowage): Promise<WorkerProcess> {
    return WorkerProcess.spawn(stowage, 'api', 'API is listening');
  }

  private static async spawn({ environment }: Stowage, app: 'api' | 'worker', isReady: string): Promise<WorkerProcess> {
    const child = spawn(process.execPath, [`dist/apps/${app}/main.js`], {
      env: {
        ...process.env,
        ...(app === 'worker' ? workerEnvironment(environment) : environment),
        STOWAGE_LOG_LEVEL: 'info',
      },
    });
    const started = new WorkerProcess(child);
    await eventually(
      () => Promise.resolve(started.said),
      (said) => said.includes(isReady),
      30_000,
    );
    return started;
  }

  /** Where an API listens. */
  get url(): string {
    const [, address = ''] = /"address":"([^"]+)"/.exec(this.said) ?? [];
    return address;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it wrote to its standard streams. */
  get log(): string {
    return this.said;
  }

  /** Freezes it with SIGSTOP, which it cannot notice. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks it to stop. @returns its exit code, and how long it took */
  async terminate(): Promise<{ code: unknown; tookMs: number }> {
    const beganMs = performance.now();
    const code = await this.end('SIGTERM');
    return { code, tookMs: Math.round(performance.now() - beganMs) };
  }

  private async end(signal: NodeJS.Signals): Promise<unknown> {
    if (!this.isAlive) return this.child.exitCode;
    const ended = once(this.child, 'exit') as Promise<unknown[]>;
    this.child.kill(signal);
    const [code] = await ended;
    return code;
  }
}

/** How many transactions of workers are open in a database at this moment: mostly passes. */
export async function openPasses(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `select 1 from pg_stat_activity
     where datname = current_database() and application_name = 'stowage-worker' and xact_start is not null`,
  );
  return rowCount ?? 0;
}
