import type { LogFiles } from './log-files.js';
import { describeExit, end, type Exit, launch, type ManagedProcess } from './managed-process.js';
import type { ProcessIdentity } from './process-identity.js';
import type { Program } from './program.js';
import { Stop } from './stop.js';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
/** A program that has run for this long is healthy: its next end is not counted with earlier ones. */
const HEALTHY_MS = 60_000;
const TRIM_EVERY_MS = 30_000;

interface Kept {
  process: ManagedProcess;
  /** How often in a row it ended soon after it began. */
  failures: number;
  startedAt: number;
  timer: NodeJS.Timeout | undefined;
}

/** A program that runs under a supervisor: what must be known to end it after the supervisor itself was killed. */
export interface Child extends ProcessIdentity {
  readonly name: string;
}

interface SupervisorOptions {
  readonly logs: LogFiles;
  readonly say: (message: string) => void;
  /** Called at once with every change of the running programs, in the order of their start. */
  readonly onChange: (children: readonly Child[]) => void;
}

/**
 * Keeps programs running. Until `watch()` is called, the end of one of them fails the start; from then on, it is
 * started again, after a pause that doubles with each failure in a row.
 */
export class Supervisor {
  /** Rejects when a program ends before `watch()`. */
  readonly failure: Promise<never>;
  private readonly fail: (error: Stop) => void;
  private readonly kept = new Map<string, Kept>();
  private readonly trimmer: NodeJS.Timeout;
  private phase: 'starting' | 'watching' | 'stopping' = 'starting';

  constructor(private readonly options: SupervisorOptions) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.failure = promise;
    this.fail = reject;
    this.trimmer = setInterval(() => {
      this.kept.forEach((_, name) => {
        options.logs.trim(name);
      });
    }, TRIM_EVERY_MS);
    this.trimmer.unref();
  }

  /** Starts a program. Those started later may depend on those started before, and are stopped first. */
  start(program: Program): void {
    this.kept.set(program.name, {
      process: this.launch(program),
      failures: 0,
      startedAt: performance.now(),
      timer: undefined,
    });
    this.changed();
  }

  /** The start has succeeded: from now on, what ends is started again. */
  watch(): void {
    this.phase = 'watching';
  }

  /** Stops everything, the last started first. Never throws; can be called in any phase. */
  async stop(): Promise<void> {
    this.phase = 'stopping';
    clearInterval(this.trimmer);
    for (const { timer } of this.kept.values()) {
      clearTimeout(timer);
    }
    for (const [name, { process }] of [...this.kept].reverse()) {
      const { identity, program } = process;
      if (identity !== undefined && !(await end(identity, program.stop))) {
        this.options.say(`${name} (process ${String(identity.pid)}) could not be ended`);
      }
      this.kept.delete(name);
      this.changed();
    }
  }

  private launch(program: Program): ManagedProcess {
    const process = launch(program, this.options.logs.open(program.name));
    void process.exited.then((exit) => {
      this.ended(program, exit);
    });
    return process;
  }

  private ended(program: Program, exit: Exit): void {
    const kept = this.kept.get(program.name);
    if (this.phase === 'stopping' || kept === undefined) {
      return;
    }
    const how = `${program.name} ${describeExit(exit)}`;
    if (this.phase === 'starting') {
      const { logs } = this.options;
      const lines = logs.lastLines(program.name, 15);
      this.fail(new Stop(`${how}. The end of ${logs.path(program.name)}:\n${lines}`, exit.code ?? 1));
      return;
    }
    kept.failures = performance.now() - kept.startedAt >= HEALTHY_MS ? 0 : kept.failures + 1;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, kept.failures - 1), MAX_DELAY_MS);
    this.options.say(`${how}; it is started again in ${String(delay / 1000)} s`);
    this.changed();
    kept.timer = setTimeout(() => {
      this.restart(program, kept);
    }, delay);
  }

  private restart(program: Program, kept: Kept): void {
    kept.startedAt = performance.now();
    kept.process = this.launch(program);
    this.changed();
    const { identity } = kept.process;
    if (identity !== undefined) {
      this.options.say(`${program.name} is started again (process ${String(identity.pid)})`);
    }
  }

  private changed(): void {
    const children = [...this.kept].flatMap(([name, { process }]) =>
      process.identity === undefined ? [] : [{ name, ...process.identity }],
    );
    this.options.onChange(children);
  }
}
