import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal } from './api.js';
import { amountsOf, type BatchAnswer, type DeploymentAnswer } from './api-types.js';
import { imageFor } from './order.js';
import { type Site } from './site.js';
import { type Task } from './workload.js';

/** The most deployments of one batch. */
const MAX_BATCH = 10_000;

/** So many cancellations are under way at once; all of a cluster's are spread over about this time, at most this far apart. */
const CANCELLING_AT_ONCE = 4;
const CANCELLING_MS = 4_000;
const MAX_GAP_MS = 100;

/** Submits everything that is meant for a cluster, then cancels what its developer is to change their mind about. */
export async function submitAll(site: Site, signal: AbortSignal): Promise<void> {
  for (let begin = 0; begin < site.tasks.length; begin += MAX_BATCH) {
    await submit(site, site.tasks.slice(begin, begin + MAX_BATCH));
  }
  const cancelled = [...site.taskOf].filter(([, { fate }]) => fate === 'cancelled').map(([id]) => id);
  const gapMs = Math.min(MAX_GAP_MS, (CANCELLING_MS * CANCELLING_AT_ONCE) / cancelled.length);
  for (let begin = 0; begin < cancelled.length; begin += CANCELLING_AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(cancelled.slice(begin, begin + CANCELLING_AT_ONCE).map((id) => cancel(site, id)));
    await sleep(gapMs);
  }
  site.isSubmitted = true;
}

async function submit(site: Site, tasks: readonly Task[]): Promise<void> {
  const { developer } = site.team;
  const deployments = tasks.map(({ order: { name, request, priority } }) => ({
    ...(name === '' ? {} : { name }),
    image: imageFor(request),
    resources: amountsOf(request),
    priority,
  }));
  const answer = await developer.post<BatchAnswer>(`${site.clusterPath}/deployments/batch`, { deployments }, () =>
    findSubmitted(site, tasks.length),
  );
  for (const { index, id } of answer.results) {
    const task = tasks[index];
    if (task === undefined || id === undefined) throw new Error(`item ${index} of a batch was not accepted`);
    site.taskOf.set(id, task);
  }
}

/**
 * Looks whether a batch whose answer got lost was accepted all the same. A batch is accepted as a whole or not at all, and nobody but
 * this developer submits as them: so the newest deployments that are not known yet are the batch.
 */
async function findSubmitted(site: Site, size: number): Promise<BatchAnswer | undefined> {
  const { developer } = site.team;
  const ids: string[] = [];
  for await (const page of developer.list<DeploymentAnswer>(site.listPath)) {
    const own = page.filter(({ submittedBy }) => submittedBy === developer.id).map(({ id }) => id);
    const unknown = own.filter((id) => !site.taskOf.has(id));
    ids.push(...unknown);
    if (unknown.length < own.length || ids.length >= size) break;
  }
  if (ids.length === 0) return undefined;
  if (ids.length !== size) throw new Error(`of a batch of ${size} deployments, ${ids.length} were accepted`);
  return { results: ids.reverse().map((id, index) => ({ index, id })) };
}

async function cancel(site: Site, id: string): Promise<void> {
  try {
    await site.team.developer.post(`${site.organizationPath}/deployments/${id}/cancel`, {}, 'again');
    site.end(id, 'cancelled');
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 409) throw error;
    site.end(id, 'otherwise');
  }
}
