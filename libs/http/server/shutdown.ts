import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from 'pino';

/** How long a process may take to stop, in milliseconds: less than what whoever stops it waits before it kills. */
export const SHUTDOWN_MS = 18_000;

/**
 * Stops the process in order on SIGTERM and SIGINT, and without order when that takes too long: a library that waits for a server that
 * is away would otherwise wait without limit.
 *
 * @param delaySeconds how long it goes on serving on purpose
 */
export function stopOnSignal(app: INestApplicationContext, logger: Logger, delaySeconds = 0): void {
  // Left to itself, Nest raises the signal again at the end, and an orderly stop would look like a kill.
  app.enableShutdownHooks([], { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal, delaySeconds }, 'asked to stop');
      // A connection that is closed while it is being made fails where nobody waits for it: the rest must still stop in order.
      process.on('unhandledRejection', (err) => logger.warn({ err }, 'left behind while stopping'));
      const timer = setTimeout(
        () => {
          logger.warn('something did not stop in time: leaving it behind');
          process.exit(1);
        },
        SHUTDOWN_MS + delaySeconds * 1000,
      );
      timer.unref();
    });
  }
}
