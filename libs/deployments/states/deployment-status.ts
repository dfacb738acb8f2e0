/** Every status of a deployment. */
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
 * The status of a deployment. `scheduled`: its resources are allocated. `running`: a runtime has reported its start. `stopping`: its runtime
 * has been asked to stop it; it keeps its resources until the runtime reports its end or its grace is over. `retrying`: an attempt has
 * failed, and another one will be queued.
 */
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** Why a deployment has been asked to stop: the causes of the transitions to `stopping`. */
export const STOP_CAUSES = ['cancelled', 'max-runtime', 'preempted'] as const;

export type StopCause = (typeof STOP_CAUSES)[number];

/** The status of a stopping deployment when it has stopped. */
export const STOP_OUTCOMES = ['cancelled', 'timed_out', 'queued'] as const satisfies readonly DeploymentStatus[];

export type StopOutcome = (typeof STOP_OUTCOMES)[number];

/** Statuses whose resources are allocated. */
export const HOLDING_STATUSES = ['scheduled', 'running', 'stopping'] as const satisfies readonly DeploymentStatus[];

export function isHolding(status: DeploymentStatus): boolean {
  return HOLDING_STATUSES.some((holding) => holding === status);
}
