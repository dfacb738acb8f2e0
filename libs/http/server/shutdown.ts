import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from 'pino';

/** How long a process may take to stop, in milliseconds: less than supervisors wait before they kill. */
export const SHUTDOWN_MS = 18_000;

/**
 * Shuts the process down on SIGTERM and SIGINT, and exits when that takes too long: a library that waits for an unreachable server would
 * otherwise wait without limit.
 *
 * @param delaySeconds how long the process keeps serving before it shuts down
 */
export function stopOnSignal(app: INestApplicationContext, logger: Logger, delaySeconds = 0): void {
  // Without this option Nest raises the signal again at the end, and an orderly stop would look like a kill.
  app.enableShutdownHooks([], { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal, delaySeconds }, 'shutting down');
      // A connection that is closed while it opens rejects a promise that no code awaits: the shutdown must continue.
      process.on('unhandledRejection', (err) => logger.warn({ err }, 'rejected while stopping'));
      const timer = setTimeout(
        () => {
          logger.warn('shutdown took too long: exiting');
          process.exit(1);
        },
        SHUTDOWN_MS + delaySeconds * 1000,
      );
      timer.unref();
    });
  }
}
