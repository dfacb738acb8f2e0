/** Every status that a deployment can have. */
export const DEPLOYMENT_STATUSES = [
  'queued',
  'scheduled',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const;

/** Where a deployment stands. `scheduled` means that its resources are allocated; `running` that a runtime has reported its start. */
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** One way from a status to another: what causes it, and who may. */
interface Transition {
  readonly from: readonly DeploymentStatus[];
  readonly to: DeploymentStatus;
}

/**
 * The state machine: what can happen to a deployment, and from which statuses. Whatever is not listed cannot happen.
 *
 * `complete` has two outcomes, hence two rows.
 */
export const TRANSITIONS = {
  schedule: { from: ['queued'], to: 'scheduled' },
  start: { from: ['scheduled'], to: 'running' },
  succeed: { from: ['scheduled', 'running'], to: 'succeeded' },
  fail: { from: ['scheduled', 'running'], to: 'failed' },
  cancel: { from: ['queued', 'scheduled', 'running'], to: 'cancelled' },
  timeOut: { from: ['scheduled', 'running'], to: 'timed_out' },
} as const satisfies Record<string, Transition>;

/** The name of a transition. */
export type TransitionName = keyof typeof TRANSITIONS;

/** Statuses whose resources are allocated. */
export const HOLDING_STATUSES = ['scheduled', 'running'] as const satisfies readonly DeploymentStatus[];

/** Statuses that are never left. */
export const TERMINAL_STATUSES = DEPLOYMENT_STATUSES.filter(
  (status) => !Object.values(TRANSITIONS).some(({ from }: Transition) => from.includes(status)),
);
