let began = performance.timeOrigin;

/** Seconds are counted from then, in milliseconds since 1970; without it, from when this process began. */
export function countFrom(milliseconds: number): void {
  began = milliseconds;
}

/** Seconds since the command was given, with one decimal. */
export function elapsed(): string {
  return ((Date.now() - began) / 1000).toFixed(1);
}

/** Tells the person at the keyboard what happens. On stderr: stdout belongs to results. */
export function say(message: string): void {
  process.stderr.write(`[${elapsed().padStart(6)} s] ${message}\n`);
}

/** Says what happens, and again every five seconds while it lasts. */
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
