import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, told apart from any later one that the system gives the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's own terms; meaningful only in comparison. */
  readonly began: string;
}

/** The identity of a process that is alive, or undefined. A zombie, which only waits to be reaped, is not alive. */
export function identify(pid: number): ProcessIdentity | undefined {
  const began = process.platform === 'linux' ? beganOnLinux(pid) : beganElsewhere(pid);
  return began === undefined ? undefined : { pid, began };
}

/** Whether exactly this process is still alive. */
export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.began === process.began;
}

function beganOnLinux(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field, the command in parentheses, may itself hold spaces and parentheses: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticksSinceBoot = fields[19];
  if (state === 'Z' || state === 'X' || ticksSinceBoot === undefined) {
    return undefined;
  }
  return `${bootId()} ${ticksSinceBoot}`;
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

function beganElsewhere(pid: number): string | undefined {
  try {
    const [state = 'Z', ...began] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state.startsWith('Z') ? undefined : began.join(' ');
  } catch {
    return undefined;
  }
}
