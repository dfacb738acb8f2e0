import { setTimeout as sleep } from 'node:timers/promises';

import { type Connection } from './connection.js';
import { imageFor } from './order.js';
import { hasStatus } from './people.js';
import { type Site } from './site.js';
import { type Task } from './workload.js';

/** The most deployments of one batch. */
const MAX_BATCH = 10_000;

/** Concurrent cancellations of a cluster, the time over which all of them are spread, and the longest pause between two. */
const CANCELLING_AT_ONCE = 4;
const CANCELLING_MS = 4_000;
const MAX_GAP_MS = 100;

/** Submits all deployments of a cluster, then cancels those whose fate is to be cancelled. */
export async function submitAll(connection: Connection, site: Site, signal: AbortSignal): Promise<void> {
  for (let begin = 0; begin < site.tasks.length; begin += MAX_BATCH) {
    await submit(site, site.tasks.slice(begin, begin + MAX_BATCH));
  }
  const cancelled = [...site.taskOf].filter(([, { fate }]) => fate === 'cancelled').map(([id]) => id);
  const gapMs = Math.min(MAX_GAP_MS, (CANCELLING_MS * CANCELLING_AT_ONCE) / cancelled.length);
  for (let begin = 0; begin < cancelled.length; begin += CANCELLING_AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(cancelled.slice(begin, begin + CANCELLING_AT_ONCE).map((id) => cancel(connection, site, id)));
    await sleep(gapMs);
  }
  site.isSubmitted = true;
}

async function submit(site: Site, tasks: readonly Task[]): Promise<void> {
  const deployments = tasks.map(({ order: { name, request, priority } }) => ({
    ...(name === '' ? {} : { name }),
    image: imageFor(request),
    resources: request.toApi(),
    priority,
  }));
  const { results } = await site.team.developer.api.submitDeployments({ path: site.path, body: { deployments } });
  for (const { index, id } of results) {
    const task = tasks[index];
    if (task === undefined || id === undefined) throw new Error(`item ${index} of a batch was not accepted`);
    site.taskOf.set(id, task);
  }
}

async function cancel(connection: Connection, site: Site, id: string): Promise<void> {
  const path = { organizationId: site.path.organizationId, deploymentId: id };
  try {
    await connection.repeat(() => site.team.developer.api.cancelDeployment({ path }));
    site.end(id, 'cancelled');
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    site.end(id, 'otherwise');
  }
}
