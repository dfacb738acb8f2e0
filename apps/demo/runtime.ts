import { setTimeout as sleep } from 'node:timers/promises';

import { everyItem } from '@stowage/sdk';

import { type Connection } from './connection.js';
import { ResourceVector } from './resources.js';
import { type Site } from './site.js';

/** How often a runtime looks at its cluster. */
const TICK_MS = 100;

/** The longest page of a list. */
export const PAGE = { limit: 100 } as const;

/** The most reports of one batch. */
const MAX_REPORTS = 10_000;

/** A report about another attempt than the present one: the deployment runs on, or again. */
const STALE_ATTEMPT = 'DEPLOYMENTS.STALE_ATTEMPT';

/** For deployments that another client submitted to the demo's clusters. */
const OF_ANOTHER_CLIENT = { fate: 'succeeded', pace: 1 } as const;

/**
 * Plays the runtime of a cluster until nothing is left there: takes up what was scheduled, lets it run for a while, reports its end.
 *
 * The lists of the API are read only when there is something new to find: as long as what is allocated is the sum of what is known to
 * run, nothing else holds resources.
 */
export async function runCluster(
  connection: Connection,
  site: Site,
  runtimeMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    await site.look();
    if (site.isIdle) return;
    if (!site.isFullyKnown) await takeUp(site, runtimeMs);
    await reportEnded(connection, site);
    await sleep(TICK_MS);
  }
}

async function takeUp(site: Site, runtimeMs: number): Promise<void> {
  const { path } = site;
  const scheduled = { ...PAGE, clusterId: path.clusterId, status: ['scheduled' as const] };
  const { api } = site.team.admin;
  for await (const deployment of everyItem((page) => api.listDeployments({ path, query: { ...page, ...scheduled } }))) {
    const { id, attempt, resources } = deployment;
    const task = site.taskOf.get(id);
    // Scheduled before its submission was answered: the next look takes it up, when its fate is known.
    if (task === undefined && !site.isSubmitted) continue;
    const { fate, pace } = task ?? OF_ANOTHER_CLIENT;
    // A deployment that its developer is about to cancel does not end before that.
    const endsAt = fate === 'cancelled' ? Infinity : performance.now() + pace * runtimeMs;
    site.take(id, { endsAt, attempt, request: ResourceVector.fromApi(resources) });
  }
}

async function reportEnded(connection: Connection, site: Site): Promise<void> {
  const now = performance.now();
  const reports = [...site.running]
    .filter(([, { endsAt }]) => endsAt <= now)
    .slice(0, MAX_REPORTS)
    .map(([id, { attempt }]) => {
      const hasFailed = site.taskOf.get(id)?.fate === 'failed';
      return hasFailed
        ? ({ id, attempt, outcome: 'failed', message: 'exit code 1' } as const)
        : ({ id, attempt, outcome: 'succeeded', message: 'exit code 0' } as const);
    });
  if (reports.length === 0) return;
  const { path, team } = site;
  // The same report about the same attempt changes nothing.
  const { results } = await connection.repeat(() => team.admin.api.completeDeployments({ path, body: { reports } }));
  for (const { index, problem } of results) {
    const report = reports[index];
    if (report === undefined) continue;
    if (problem === undefined) site.end(report.id, report.outcome);
    else if (problem.code === STALE_ATTEMPT) site.leave(report.id);
    else site.end(report.id, 'otherwise');
  }
}
