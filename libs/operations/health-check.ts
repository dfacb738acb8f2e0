import { loadCommandSettings } from '#config';

/**
 * The command by which a container engine checks the process beside it: 0 when it is alive.
 *
 * Liveness, not readiness: an engine restarts a process that fails, which does not help while PostgreSQL is away.
 */
const { port, workerPort } = loadCommandSettings();
const answer = await fetch(`http://127.0.0.1:${workerPort ?? port}/health/live`).catch(() => undefined);
process.exitCode = answer?.ok === true ? 0 : 1;
