import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Where background programs write what they have to say: NAME.log, and NAME.log.1 with what came before.
 *
 * Programs write to the files themselves and not through a pipe to us, so that they survive our sudden end unharmed.
 */
export class LogFiles {
  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** A file descriptor that appends to the program's log. The caller closes it. */
  open(name: string): number {
    this.trim(name);
    return openSync(this.path(name), 'a', 0o600);
  }

  /** Moves a log that has grown long aside. Its writer may go on: it always appends. */
  trim(name: string): void {
    const path = this.path(name);
    if (existsSync(path) && statSync(path).size > MAX_BYTES) {
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    }
  }

  /** The last lines of a log, to show why a program ended. */
  lastLines(name: string, count: number): string {
    const path = this.path(name);
    if (!existsSync(path)) return '';
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count);
    return lines.map((line) => `    ${line.slice(0, 500)}`).join('\n');
  }

  path(name: string): string {
    return join(this.directory, `${name}.log`);
  }
}
