import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until nothing is wrong. @returns what is still wrong when the time is over */
export async function until<T>(
  problemOf: () => Promise<T | undefined>,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    signal.throwIfAborted();
    const problem = await problemOf();
    if (problem === undefined || performance.now() > endMs) return problem;
    await sleep(25);
  }
}
