let began = performance.timeOrigin;

/** Sets the moment from which seconds are counted, in milliseconds since 1970; without it, the start of this process. */
export function countFrom(milliseconds: number): void {
  began = milliseconds;
}

/** Seconds since the command was given, with one decimal. */
export function elapsed(): string {
  return ((Date.now() - began) / 1000).toFixed(1);
}

/** Prints a message for the user. On stderr: stdout belongs to results. */
export function say(message: string): void {
  process.stderr.write(`[${elapsed().padStart(6)} s] ${message}\n`);
}

/** Prints what a step does, and again every five seconds while it lasts. */
export async function during<T>(message: string, step: () => Promise<T>): Promise<T> {
  say(`${message} ...`);
  const start = performance.now();
  const timer = setInterval(() => {
    say(`... still ${message} (${String(Math.round((performance.now() - start) / 1000))} s)`);
  }, 5000);
  try {
    return await step();
  } finally {
    clearInterval(timer);
  }
}
