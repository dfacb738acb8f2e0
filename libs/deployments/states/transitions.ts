import { DEPLOYMENT_STATUSES, type DeploymentStatus } from './deployment-status.js';

/** One way from a status to another. */
export interface Transition {
  /** Empty: the deployment is created. */
  readonly from: readonly DeploymentStatus[];
  readonly to: DeploymentStatus;
  /** The cause that the event names. */
  readonly cause: string;
  /** `pass`: the scheduler, in a pass; `request`: a user or a runtime, by a route. */
  readonly by: 'pass' | 'request';
  /** When it happens, for readers. */
  readonly when: string;
}

const by =
  (author: Transition['by']) =>
  (from: readonly DeploymentStatus[], to: DeploymentStatus, cause: string, when: string): Transition => ({
    from,
    to,
    cause,
    by: author,
    when,
  });
const pass = by('pass');
const request = by('request');

/**
 * The state machine. A check of `deployment_events` is generated from this table, and the statements take their statuses and causes from
 * it: no other transition can happen. The API's document and docs/concepts.md show it, by `npm run generated`; this lib's README draws it.
 */
export const TRANSITIONS = {
  submit: request([], 'queued', 'submitted', 'a request submits it'),
  edit: request(['queued'], 'queued', 'edited', 'a request changes priority, labels, queue timeout or `preemptible`'),
  schedule: pass(['queued'], 'scheduled', 'placed', 'its resources are allocated'),
  start: request(['scheduled'], 'running', 'started', 'a runtime reports the start (optional)'),
  succeed: request(['scheduled', 'running'], 'succeeded', 'reported', 'a runtime reports `succeeded`'),
  fail: request(['scheduled', 'running'], 'failed', 'reported', 'a runtime reports `failed`, and no retry is left'),
  retry: request(['scheduled', 'running'], 'retrying', 'reported', 'a runtime reports `failed`, and a retry is left'),
  requeueRetry: pass(['retrying'], 'queued', 'retry-due', '`retryAt` has come: the next attempt'),
  timeOut: pass(['scheduled', 'running'], 'timed_out', 'max-runtime', 'it has run for `maxRuntimeSeconds`'),
  stopAtTimeout: pass(
    ['running'],
    'stopping',
    'max-runtime',
    'its time is over, and `stopGraceSeconds` grants a grace',
  ),
  expire: pass(['queued'], 'expired', 'queue-timeout', 'it has waited for `queueTimeoutSeconds`'),
  cancel: request(['queued', 'scheduled', 'running', 'retrying'], 'cancelled', 'cancelled', 'a request cancels it'),
  stopForCancel: request(
    ['running'],
    'stopping',
    'cancelled',
    'a request cancels it, and `stopGraceSeconds` grants a grace',
  ),
  cancelWhileStopping: request(
    ['stopping'],
    'stopping',
    'cancelled-meanwhile',
    'a request cancels it while it stops for another cause: its outcome becomes `cancelled`, its grace stays',
  ),
  cancelStopped: request(
    ['stopping'],
    'cancelled',
    'cancelled',
    'a request cancels it after it was preempted and its runtime has reported `failed`',
  ),
  preempt: pass(['scheduled', 'running'], 'queued', 'preempted', 'a higher priority preempts it: the next attempt'),
  stopForPreemption: pass(
    ['running'],
    'stopping',
    'preempted',
    'a higher priority preempts it, and `stopGraceSeconds` grants a grace',
  ),
  succeedPreempted: request(
    ['stopping'],
    'succeeded',
    'reported',
    'a runtime reports `succeeded` after it was preempted',
  ),
  failPreempted: request(
    ['stopping'],
    'stopping',
    'reported',
    'a runtime reports `failed` after it was preempted: the next pass queues it again',
  ),
  requeueReported: pass(['stopping'], 'queued', 'stopped', 'it was preempted, and has stopped: the next attempt'),
  requeueAtGrace: pass(['stopping'], 'queued', 'grace-over', 'it was preempted, its grace is over: the next attempt'),
  endCancelled: request(['stopping'], 'cancelled', 'reported', 'a runtime reports any outcome after it was cancelled'),
  endCancelledAtGrace: pass(['stopping'], 'cancelled', 'grace-over', 'it was cancelled, and its grace is over'),
  endTimedOut: request(['stopping'], 'timed_out', 'reported', 'a runtime reports any outcome after its time was over'),
  endTimedOutAtGrace: pass(['stopping'], 'timed_out', 'grace-over', 'its time was over, and its grace is over'),
  discard: request(['queued', 'retrying'], 'cancelled', 'cluster-deleted', 'a request deletes its drained cluster'),
} satisfies Record<string, Transition>;

const ALL: readonly Transition[] = Object.values(TRANSITIONS);

/** Statuses in which a deployment can be cancelled. */
export const CANCELLABLE_STATUSES: readonly DeploymentStatus[] = [
  ...TRANSITIONS.cancel.from,
  ...TRANSITIONS.cancelWhileStopping.from,
];

/** Statuses that are never left. */
export const TERMINAL_STATUSES: readonly DeploymentStatus[] = DEPLOYMENT_STATUSES.filter(
  (status) => !ALL.some(({ from }) => from.includes(status)),
);

/** The condition on the columns of an event that admits the transitions of the table and no others. */
export function transitionCheck(): string {
  const triples = ALL.flatMap(({ from, to, cause }) =>
    (from.length === 0 ? [''] : from).map((status) => `'${status} ${to} ${cause}'`),
  );
  return `coalesce(from_status, '') || ' ' || to_status || ' ' || cause in (${triples.join(', ')})`;
}

/** The table in Markdown. */
export function transitionTable(): string {
  const names = (statuses: readonly string[]): string => statuses.map((status) => `\`${status}\``).join(', ') || '-';
  const rows = ALL.map(({ from, to, cause, by, when }) => [names(from), names([to]), when, `\`${cause}\``, by]);
  const table = [['from', 'to', 'when', 'cause', 'by'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = table;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
