import { count, LABELS, percent } from './format.js';
import { RESOURCES } from './resources.js';
import { type Site } from './site.js';
import { type Shares, sharesOf } from './utilization.js';

/** How far the run has got. */
export interface Progress {
  readonly total: number;
  readonly submitted: number;
  readonly queued: number;
  readonly scheduled: number;
  readonly completed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly shares: Shares;
}

const LABEL_WIDTH = 10;
const BAR_WIDTH = 40;

/** Adds up the progress of all clusters. */
export function progressOf(sites: readonly Site[]): Progress {
  const sum = (amount: (site: Site) => number): number => sites.reduce((total, site) => total + amount(site), 0);
  return {
    total: sum(({ tasks }) => tasks.length),
    submitted: sum(({ taskOf }) => taskOf.size),
    queued: sum((site) => unended(site) - scheduledIn(site)),
    scheduled: sum(scheduledIn),
    completed: sum(({ ended }) => ended.size),
    succeeded: sum(({ tally }) => tally.succeeded),
    failed: sum(({ tally }) => tally.failed),
    cancelled: sum(({ tally }) => tally.cancelled),
    shares: sharesOf(sites.map(({ view }) => view)),
  };
}

function unended({ taskOf, ended }: Site): number {
  return Math.max(0, taskOf.size - ended.size);
}

/** What has neither ended nor waits. Derived, because the view may be older than what was submitted and reported since. */
function scheduledIn(site: Site): number {
  const { allocated, queued } = site.view;
  return allocated.isZero ? 0 : Math.max(0, unended(site) - queued);
}

/** Progress as a block of lines, for a terminal that is redrawn. */
export function blockOf(progress: Progress, seconds: number): string[] {
  const { total, queued, scheduled, completed, succeeded, failed, cancelled, shares } = progress;
  const line = (label: string, share: number | null, amount: string): string =>
    `  ${label.padEnd(LABEL_WIDTH)} ${bar(share ?? 0)} ${amount.padStart(9)}`;
  const ofTotal = (label: string, amount: number): string =>
    line(label, total === 0 ? 0 : amount / total, count(amount));
  return [
    '',
    ofTotal('queued', queued),
    ofTotal('scheduled', scheduled),
    ofTotal('completed', completed),
    `  ${''.padEnd(LABEL_WIDTH)} ${count(succeeded)} succeeded, ${count(failed)} failed, ${count(cancelled)} cancelled`,
    '',
    ...RESOURCES.map((resource) => line(LABELS[resource], shares[resource], percent(shares[resource]))),
    '',
    `  ${seconds.toFixed(1)} s, ${count(total)} deployments`,
  ];
}

/** Progress as one line, for a log. */
export function lineOf({ queued, scheduled, completed, total, shares }: Progress, seconds: number): string {
  const use = RESOURCES.map((resource) => `${LABELS[resource]} ${percent(shares[resource])}`).join(', ');
  return `[${seconds.toFixed(1).padStart(6)} s] queued ${count(queued)}, scheduled ${count(scheduled)}, completed ${count(completed)} of ${count(total)}; ${use}`;
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return '█'.repeat(filled) + '·'.repeat(BAR_WIDTH - filled);
}
