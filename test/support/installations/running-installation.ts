import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { workerEnvironment } from '#config';

import { createTestDatabase, type TestDatabase } from '../database.js';
import { freePort } from '../free-port.js';
import { assertLedgerHolds } from '../invariants.js';
import { testEnvironment } from '../settings.js';
import { eventually } from '../wait.js';
import { type Coverage, type CoverageSource, mergeCoverage } from './coverage.js';
import { type InstallationAddress, type Kind } from './requests.js';

const PROGRAM = fileURLToPath(new URL('program.mjs', import.meta.url));

/** A process that is asked to stop gets this long. */
const STOP_WAIT_MS = 15_000;

/** An API and, where it is complete, a worker as built, in processes of their own, with a database. All settings have their defaults. */
export class RunningInstallation {
  readonly address: InstallationAddress;
  private readonly database: TestDatabase;
  private readonly programs: readonly Program[];

  private constructor(database: TestDatabase, address: InstallationAddress, programs: readonly Program[]) {
    this.database = database;
    this.address = address;
    this.programs = programs;
  }

  static async start(kind: Kind, coverage: CoverageSource | undefined): Promise<RunningInstallation> {
    const database = await createTestDatabase();
    const environment = testEnvironment(database.processUrl);
    const [api, worker] = [await freePort(), await freePort()];
    const forWorker = { ...workerEnvironment(environment), STOWAGE_WORKER_PORT: String(worker) };
    const programs = await Promise.all([
      Program.start('api', api, { ...environment, PORT: String(api) }, coverage),
      ...(kind === 'complete' ? [Program.start('worker', worker, forWorker, coverage)] : []),
    ]);
    const address = {
      url: `http://127.0.0.1:${api}`,
      databaseUrl: database.url,
      environment,
      measuresCoverage: coverage !== undefined,
    };
    return new RunningInstallation(database, address, programs);
  }

  /** @throws Error when rows of these organizations break a law, or a process has ended */
  async audit(organizationIds: readonly string[]): Promise<void> {
    this.programs.forEach((program) => program.assertAlive());
    await assertLedgerHolds(this.database.url, organizationIds);
  }

  /** Holds the whole database against the laws, whose rows they may be, then stops and removes everything. */
  async auditAndStop(): Promise<void> {
    try {
      this.programs.forEach((program) => program.assertAlive());
      await assertLedgerHolds(this.database.url);
    } finally {
      await Promise.all(this.programs.map((program) => program.stop()));
      await this.database.drop();
    }
  }

  /** What the processes have executed since the last call. */
  async takeCoverage(): Promise<Coverage> {
    const total: Coverage = {};
    for (const program of this.programs) mergeCoverage(total, await program.takeCoverage());
    return total;
  }
}

/** A program in a process of its own. It ends with the process that started it. */
class Program {
  private readonly name: string;
  private readonly child: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
  }

  /** Starts it, and waits until it answers on its port. */
  static async start(
    name: 'api' | 'worker',
    port: number,
    environment: NodeJS.ProcessEnv,
    coverage: CoverageSource | undefined,
  ): Promise<Program> {
    const child = fork(PROGRAM, [name], {
      env: {
        ...process.env,
        ...environment,
        ...(coverage === undefined ? {} : { STOWAGE_TEST_COVERAGE: JSON.stringify(coverage) }),
      },
      execArgv: [],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const program = new Program(name, child);
    await eventually(
      async () => {
        program.assertAlive();
        return (await fetch(`http://127.0.0.1:${port}/health/startup`).catch(() => undefined))?.status;
      },
      (status) => status === 200,
      120_000,
    );
    return program;
  }

  assertAlive(): void {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) {
      throw new Error(`the ${this.name} of a shared installation has ended (${String(exitCode ?? signalCode)})`);
    }
  }

  async takeCoverage(): Promise<Coverage> {
    const answer = once(this.child, 'message') as Promise<[Coverage]>;
    this.child.send('coverage');
    return (await answer)[0];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WAIT_MS);
    await ended;
    clearTimeout(timer);
  }
}
