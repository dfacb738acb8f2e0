/** Every status that a deployment can have. */
export const DEPLOYMENT_STATUSES = [
  'queued',
  'scheduled',
  'running',
  'stopping',
  'retrying',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'expired',
] as const;

/**
 * Where a deployment stands. `scheduled` means that its resources are allocated; `running` that a runtime has reported its start;
 * `stopping` that its runtime has been asked to stop it, and that it keeps its resources until that is reported or its grace is over;
 * `retrying` that an attempt has failed and another one will go to the queue.
 */
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** Why a deployment has been asked to stop: the causes of the transitions to `stopping`. */
export const STOP_CAUSES = ['cancelled', 'max-runtime', 'preempted'] as const;

export type StopCause = (typeof STOP_CAUSES)[number];

/** What becomes of a deployment that has been asked to stop. */
export const STOP_OUTCOMES = ['cancelled', 'timed_out', 'queued'] as const satisfies readonly DeploymentStatus[];

export type StopOutcome = (typeof STOP_OUTCOMES)[number];

/** One way from a status to another. */
export interface Transition {
  /** Empty: it begins so. */
  readonly from: readonly DeploymentStatus[];
  readonly to: DeploymentStatus;
  /** What the event says of it. */
  readonly cause: string;
  /** `pass`: the scheduler, in a pass; `request`: a person or a runtime, by a route. */
  readonly by: 'pass' | 'request';
  /** When it happens, for readers. */
  readonly when: string;
}

/**
 * The state machine: what can happen to a deployment, from which statuses, why and by whom. Whatever is not listed cannot happen. The
 * README of this lib and the API's documentation show this table.
 */
export const TRANSITIONS = {
  submit: { from: [], to: 'queued', cause: 'submitted', by: 'request', when: 'somebody submits it' },
  edit: {
    from: ['queued'],
    to: 'queued',
    cause: 'edited',
    by: 'request',
    when: 'somebody changes its priority, labels, queue timeout or mark as preemptible',
  },
  schedule: {
    from: ['queued'],
    to: 'scheduled',
    cause: 'placed',
    by: 'pass',
    when: 'its resources are allocated',
  },
  start: {
    from: ['scheduled'],
    to: 'running',
    cause: 'started',
    by: 'request',
    when: 'a runtime reports the start (optional)',
  },
  succeed: {
    from: ['scheduled', 'running'],
    to: 'succeeded',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports `succeeded`',
  },
  succeedAfterAll: {
    from: ['stopping'],
    to: 'succeeded',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports `succeeded` of what was preempted: done is done',
  },
  fail: {
    from: ['scheduled', 'running'],
    to: 'failed',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports `failed`, and no retry is left',
  },
  retry: {
    from: ['scheduled', 'running'],
    to: 'retrying',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports `failed`, and a retry is left',
  },
  requeue: {
    from: ['retrying'],
    to: 'queued',
    cause: 'retry-due',
    by: 'pass',
    when: '`retryAt` has come: the next attempt',
  },
  timeOut: {
    from: ['scheduled', 'running'],
    to: 'timed_out',
    cause: 'max-runtime',
    by: 'pass',
    when: 'it has run for `maxRuntimeSeconds`',
  },
  stopInTime: {
    from: ['running'],
    to: 'stopping',
    cause: 'max-runtime',
    by: 'pass',
    when: 'it has run for `maxRuntimeSeconds`, and `stopGraceSeconds` grants it time',
  },
  expire: {
    from: ['queued'],
    to: 'expired',
    cause: 'queue-timeout',
    by: 'pass',
    when: 'it has waited for `queueTimeoutSeconds`',
  },
  cancel: {
    from: ['queued', 'scheduled', 'running', 'retrying'],
    to: 'cancelled',
    cause: 'cancelled',
    by: 'request',
    when: 'somebody cancels it',
  },
  stopForCancel: {
    from: ['running'],
    to: 'stopping',
    cause: 'cancelled',
    by: 'request',
    when: 'somebody cancels it, and `stopGraceSeconds` grants it time',
  },
  cancelStopping: {
    from: ['stopping'],
    to: 'stopping',
    cause: 'cancelled-meanwhile',
    by: 'request',
    when: 'somebody cancels what stops for another reason: it will be `cancelled`, at the same time',
  },
  cancelStopped: {
    from: ['stopping'],
    to: 'cancelled',
    cause: 'cancelled',
    by: 'request',
    when: 'somebody cancels what was preempted, after its runtime has reported that it stopped',
  },
  preempt: {
    from: ['scheduled', 'running'],
    to: 'queued',
    cause: 'preempted',
    by: 'pass',
    when: 'it gives way to a higher priority: the next attempt',
  },
  stopForPriority: {
    from: ['running'],
    to: 'stopping',
    cause: 'preempted',
    by: 'pass',
    when: 'it gives way to a higher priority, and `stopGraceSeconds` grants it time',
  },
  noteStopped: {
    from: ['stopping'],
    to: 'stopping',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports `failed` of what was preempted: the next pass takes it back',
  },
  requeueStopped: {
    from: ['stopping'],
    to: 'queued',
    cause: 'stopped',
    by: 'pass',
    when: 'it was preempted, and its runtime has reported: the next attempt',
  },
  requeueUnstopped: {
    from: ['stopping'],
    to: 'queued',
    cause: 'grace-over',
    by: 'pass',
    when: 'it was preempted, and its grace is over: the next attempt',
  },
  endCancelled: {
    from: ['stopping'],
    to: 'cancelled',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports any outcome of what was cancelled',
  },
  endCancelledUnstopped: {
    from: ['stopping'],
    to: 'cancelled',
    cause: 'grace-over',
    by: 'pass',
    when: 'it was cancelled, and its grace is over',
  },
  endTimedOut: {
    from: ['stopping'],
    to: 'timed_out',
    cause: 'reported',
    by: 'request',
    when: 'a runtime reports any outcome of what was out of time',
  },
  endTimedOutUnstopped: {
    from: ['stopping'],
    to: 'timed_out',
    cause: 'grace-over',
    by: 'pass',
    when: 'it was out of time, and its grace is over',
  },
  discard: {
    from: ['queued', 'retrying'],
    to: 'cancelled',
    cause: 'cluster-deleted',
    by: 'request',
    when: 'somebody deletes its cluster, which was drained',
  },
} as const satisfies Record<string, Transition>;

/** Statuses whose resources are allocated. */
export const HOLDING_STATUSES = ['scheduled', 'running', 'stopping'] as const satisfies readonly DeploymentStatus[];

/** Statuses in which something can be cancelled. */
export const CANCELLABLE_STATUSES: readonly DeploymentStatus[] = [
  ...TRANSITIONS.cancel.from,
  ...TRANSITIONS.cancelStopping.from,
];

/** Statuses that are never left. */
export const TERMINAL_STATUSES: readonly DeploymentStatus[] = DEPLOYMENT_STATUSES.filter(
  (status) => !Object.values<Transition>(TRANSITIONS).some(({ from }) => from.includes(status)),
);

/** The table for readers, in Markdown: which transition leads from where to where, when, and what its event says. */
export function transitionTable(): string {
  const names = (statuses: readonly string[]): string => statuses.map((status) => `\`${status}\``).join(', ');
  const rows = Object.values<Transition>(TRANSITIONS).map(({ from, to, cause, by, when }) => [
    from.length === 0 ? '-' : names(from),
    names([to]),
    when,
    `\`${cause}\``,
    by,
  ]);
  const table = [['from', 'to', 'when', 'cause', 'by'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = table;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** What is wrong with a state machine, as sentences; none when every status can be come to, and an end can be come to from everywhere. */
export function flawsOf(statuses: readonly string[], transitions: Readonly<Record<string, Moves>>): string[] {
  const all = Object.entries(transitions);
  const undefinedOnes = all.flatMap(([name, { from, to }]) =>
    [...from, to]
      .filter((status) => !statuses.includes(status))
      .map((status) => `the transition ${name} names the status ${status}, which does not exist`),
  );
  const moves = all.flatMap(([, { from, to }]) => from.map((status) => [status, to] as const));
  const begins = all.filter(([, { from }]) => from.length === 0).map(([, { to }]) => to);
  const ends = statuses.filter((status) => moves.every(([from]) => from !== status));
  const reachable = closure(begins, moves);
  const ending = closure(
    ends,
    moves.map(([from, to]) => [to, from] as const),
  );
  return [
    ...undefinedOnes,
    ...statuses.filter((status) => !reachable.has(status)).map((status) => `nothing leads to the status ${status}`),
    ...statuses.filter((status) => !ending.has(status)).map((status) => `the status ${status} leads to no end`),
  ];
}

/** As much of a transition as its soundness depends on. */
type Moves = { readonly from: readonly string[]; readonly to: string };

function closure(begin: readonly string[], moves: readonly (readonly [from: string, to: string])[]): Set<string> {
  const seen = new Set(begin);
  // A set grows while it is walked, and the walk sees what was added.
  for (const status of seen) {
    moves.filter(([from]) => from === status).forEach(([, to]) => seen.add(to));
  }
  return seen;
}

// A process with a state machine that is none does not start.
const flaws = flawsOf(DEPLOYMENT_STATUSES, TRANSITIONS);
if (flaws.length > 0) throw new Error(`the states of deployments are not sound: ${flaws.join('; ')}`);
