import { setTimeout as sleep } from 'node:timers/promises';

import { type BatchAnswer, type DeploymentAnswer, vectorOf } from './api-types.js';
import { type Site } from './site.js';

/** How often a runtime looks at its cluster. */
const TICK_MS = 100;

/** The most reports of one batch. */
const MAX_REPORTS = 10_000;

/** A report about another attempt than the present one: the deployment runs on, or again. */
const STALE_ATTEMPT = 'DEPLOYMENTS.STALE_ATTEMPT';

/** What somebody else submits to the demo's clusters runs too. */
const SOMEBODY_ELSES = { fate: 'succeeded', pace: 1 } as const;

/**
 * Plays the runtime of a cluster until nothing is left there: takes up what was scheduled, lets it run for a while, reports its end.
 *
 * The lists of the API are read only when there is something new to find: as long as what is allocated is the sum of what is known to
 * run, nothing else holds resources.
 */
export async function runCluster(site: Site, runtimeMs: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    await site.look();
    if (site.isIdle) return;
    if (!site.isFullyKnown) await takeUp(site, runtimeMs);
    await reportEnded(site);
    await sleep(TICK_MS);
  }
}

async function takeUp(site: Site, runtimeMs: number): Promise<void> {
  for await (const page of site.team.admin.list<DeploymentAnswer>(`${site.listPath}&status=scheduled`)) {
    for (const { id, attempt, resources } of page) {
      const task = site.taskOf.get(id);
      // Scheduled before the answer to its submission came: it is taken up when it is known what becomes of it.
      if (task === undefined && !site.isSubmitted) continue;
      const { fate, pace } = task ?? SOMEBODY_ELSES;
      // What its developer is about to cancel does not end before that.
      const endsAt = fate === 'cancelled' ? Infinity : performance.now() + pace * runtimeMs;
      site.take(id, { endsAt, attempt, request: vectorOf(resources) });
    }
  }
}

async function reportEnded(site: Site): Promise<void> {
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
  const path = `${site.clusterPath}/deployments/complete`;
  const { results } = await site.team.admin.post<BatchAnswer>(path, { reports }, 'again');
  for (const { index, problem } of results) {
    const report = reports[index];
    if (report === undefined) continue;
    if (problem === undefined) site.end(report.id, report.outcome);
    else if (problem.code === STALE_ATTEMPT) site.leave(report.id);
    else site.end(report.id, 'otherwise');
  }
}
