import { loadCommandSettings } from '#config';

/**
 * The command with which a container engine asks the process beside it whether it lives: 0 when it does.
 *
 * Liveness and not readiness: an engine answers a "no" by a restart, which helps nobody while PostgreSQL is away.
 */
const { port, workerPort } = loadCommandSettings();
const answer = await fetch(`http://127.0.0.1:${workerPort ?? port}/health/live`).catch(() => undefined);
process.exitCode = answer?.ok === true ? 0 : 1;
