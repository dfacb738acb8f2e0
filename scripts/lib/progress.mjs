/** When the command was given, in milliseconds since 1970. */
export const startedAt = Math.round(performance.timeOrigin);

/** Tells what happens, with the seconds since the start. On stderr: stdout belongs to the program that is started. */
export function say(message) {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`[${seconds} s] ${message}\n`);
}

/** Runs a long step and, every five seconds, says that it still runs. */
export async function during(message, step) {
  say(`${message} ...`);
  const began = performance.now();
  const timer = setInterval(() => {
    say(`... still ${message} (${Math.round((performance.now() - began) / 1000)} s)`);
  }, 5000);
  try {
    return await step();
  } finally {
    clearInterval(timer);
  }
}
