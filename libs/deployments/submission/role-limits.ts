import { type SubmissionPolicy } from '#clusters';
import { type Actor } from '#rbac';

import { DeploymentErrors } from '../deployments.errors.js';

/** The part of an order that a cluster's policy limits or decides. null: the policy decides. */
export interface Asked {
  readonly priority: number | null;
  readonly maxRuntimeSeconds: number | null;
  readonly isPreemptible: boolean | null;
}

/** The same, as granted. */
export interface Granted {
  readonly priority: number;
  /** null: without a limit */
  readonly maxRuntimeSeconds: number | null;
  readonly isPreemptible: boolean;
}

/**
 * Fills in the defaults of the policy, within the limits of the actor's role, and refuses values beyond those limits.
 *
 * @throws DEPLOYMENTS.PRIORITY_ABOVE_LIMIT, DEPLOYMENTS.RUNTIME_ABOVE_LIMIT, with pointers below `at`
 */
export function withinLimits(asked: Asked, policy: SubmissionPolicy, actor: Actor, at = ''): Granted {
  const { maxRuntimeSeconds } = asked;
  if (asked.priority !== null) assertPriority(asked.priority, policy, actor, at);
  const role = limitedAs(actor);
  const longest = policy.maxRuntimeSecondsLimitByRole[role];
  if (maxRuntimeSeconds !== null && longest !== null && maxRuntimeSeconds > longest) {
    throw DeploymentErrors.RUNTIME_ABOVE_LIMIT.because(undefined, { limit: longest, role }, [
      { pointer: `#${at}/maxRuntimeSeconds`, code: 'above-limit', message: `must be at most ${longest} for your role` },
    ]);
  }
  const priority = asked.priority ?? Math.min(policy.defaultPriority, policy.priorityLimitByRole[role]);
  return {
    priority,
    maxRuntimeSeconds: maxRuntimeSeconds ?? shorter(policy.defaultMaxRuntimeSeconds, longest),
    isPreemptible: asked.isPreemptible ?? priority < (policy.preemptibleBelowPriority ?? 0),
  };
}

/** @throws DEPLOYMENTS.PRIORITY_ABOVE_LIMIT, with a pointer below `at` */
export function assertPriority(
  priority: number,
  { priorityLimitByRole }: SubmissionPolicy,
  actor: Actor,
  at = '',
): void {
  const role = limitedAs(actor);
  const limit = priorityLimitByRole[role];
  if (priority <= limit) return;
  throw DeploymentErrors.PRIORITY_ABOVE_LIMIT.because(undefined, { limit, role }, [
    { pointer: `#${at}/priority`, code: 'above-limit', message: `must be at most ${limit} for your role` },
  ]);
}

/** The role whose limits apply: operators have those of admins. */
function limitedAs({ role }: Actor): 'developer' | 'admin' {
  return role === 'admin' ? 'admin' : 'developer';
}

function shorter(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}
