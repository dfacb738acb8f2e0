import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `read` gives something that `isDone` accepts, and gives it back. @throws Error with the last state after `timeoutMs` */
export async function eventually<T>(
  read: () => Promise<T>,
  isDone: (value: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    if (performance.now() > deadline) throw new Error(`still not so after ${timeoutMs} ms: ${JSON.stringify(value)}`);
    await sleep(20);
  }
}
