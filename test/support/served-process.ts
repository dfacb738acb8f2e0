import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { workerEnvironment } from '#config';

import { eventually } from './wait.js';

/** A program as built, which answers health checks on a port of its own, and can be stopped and started again there. */
export class ServedProcess {
  private child: ChildProcess | undefined;
  private said = '';

  constructor(
    private readonly program: 'api' | 'worker',
    private readonly environment: Record<string, string>,
    readonly port: number,
    /** The checkout whose build it is. */
    private folder = '.',
  ) {}

  /** What it has written to its standard streams, over all its lives. */
  get log(): string {
    return this.said;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** From its next start on it is this checkout's build. */
  become(): void {
    this.folder = '.';
  }

  /** Starts it, and waits until it is ready. */
  async start(): Promise<void> {
    const isApi = this.program === 'api';
    // Builds of old needed the secrets of the API in workers, too.
    const environment = isApi || this.folder !== '.' ? this.environment : workerEnvironment(this.environment);
    const variable = isApi ? 'PORT' : 'STOWAGE_WORKER_PORT';
    this.child = spawn(process.execPath, [join(this.folder, `dist/apps/${this.program}/main.js`)], {
      env: { ...process.env, ...environment, [variable]: String(this.port) },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.said += chunk.toString();
      });
    }
    await eventually(
      async () => (await fetch(`${this.url}/health/startup`).catch(() => undefined))?.status ?? this.said.slice(-2_000),
      (status) => status === 200,
      60_000,
    );
  }

  /** Asks it to stop, and waits until it has. @returns its exit code */
  async stop(): Promise<unknown> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined) return undefined;
    const ended = once(child, 'exit') as Promise<unknown[]>;
    child.kill('SIGTERM');
    return (await ended)[0];
  }
}
