/** Every status that a deployment can have. */
export const DEPLOYMENT_STATUSES = [
  'queued',
  'scheduled',
  'running',
  'retrying',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'expired',
] as const;

/**
 * Where a deployment stands. `scheduled` means that its resources are allocated; `running` that a runtime has reported its start;
 * `retrying` that an attempt has failed and another one will go to the queue.
 */
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** One way from a status to another. */
export interface Transition {
  /** Empty: it begins so. */
  readonly from: readonly DeploymentStatus[];
  readonly to: DeploymentStatus;
  /** What the event says of it. */
  readonly causes: readonly string[];
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
  submit: { from: [], to: 'queued', causes: ['submitted'], by: 'request', when: 'somebody submits it' },
  edit: {
    from: ['queued'],
    to: 'queued',
    causes: ['edited'],
    by: 'request',
    when: 'somebody changes its priority, labels or queue timeout',
  },
  schedule: {
    from: ['queued'],
    to: 'scheduled',
    causes: ['placed'],
    by: 'pass',
    when: 'its resources are allocated',
  },
  start: {
    from: ['scheduled'],
    to: 'running',
    causes: ['started'],
    by: 'request',
    when: 'a runtime reports the start (optional)',
  },
  succeed: {
    from: ['scheduled', 'running'],
    to: 'succeeded',
    causes: ['reported'],
    by: 'request',
    when: 'a runtime reports `succeeded`',
  },
  fail: {
    from: ['scheduled', 'running'],
    to: 'failed',
    causes: ['reported'],
    by: 'request',
    when: 'a runtime reports `failed`, and no retry is left',
  },
  retry: {
    from: ['scheduled', 'running'],
    to: 'retrying',
    causes: ['reported'],
    by: 'request',
    when: 'a runtime reports `failed`, and a retry is left',
  },
  requeue: {
    from: ['retrying'],
    to: 'queued',
    causes: ['retry-due'],
    by: 'pass',
    when: '`retryAt` has come: the next attempt',
  },
  timeOut: {
    from: ['scheduled', 'running'],
    to: 'timed_out',
    causes: ['max-runtime'],
    by: 'pass',
    when: 'it has run for `maxRuntimeSeconds`',
  },
  expire: {
    from: ['queued'],
    to: 'expired',
    causes: ['queue-timeout'],
    by: 'pass',
    when: 'it has waited for `queueTimeoutSeconds`',
  },
  cancel: {
    from: ['queued', 'scheduled', 'running', 'retrying'],
    to: 'cancelled',
    causes: ['cancelled', 'cluster-deleted'],
    by: 'request',
    when: 'somebody cancels it, or deletes its cluster',
  },
} as const satisfies Record<string, Transition>;

/** The name of a transition. */
export type TransitionName = keyof typeof TRANSITIONS;

/** Statuses whose resources are allocated. */
export const HOLDING_STATUSES = ['scheduled', 'running'] as const satisfies readonly DeploymentStatus[];

/** Statuses that are never left. */
export const TERMINAL_STATUSES: readonly DeploymentStatus[] = DEPLOYMENT_STATUSES.filter(
  (status) => !Object.values<Transition>(TRANSITIONS).some(({ from }) => from.includes(status)),
);

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
