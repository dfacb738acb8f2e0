import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program to its end, outside the terminal's process group: Ctrl-C is ours to handle.
 *
 * @returns its exit code, and what it wrote to stdout and stderr
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<{ readonly code: number | null; readonly words: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, words: words.trim() };
}
