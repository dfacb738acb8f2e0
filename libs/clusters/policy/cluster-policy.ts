import { DEFAULT_POLICY, PLANNING_LIMITS, type PlanningPolicy } from '#packing';

/** Roles that submit deployments. */
export const SUBMITTING_ROLES = ['developer', 'admin'] as const;

export type SubmittingRole = (typeof SUBMITTING_ROLES)[number];

/** What a policy says of each role that submits. */
export type ByRole<T> = Readonly<Record<SubmittingRole, T>>;

/** What holds for deployments when they are submitted, or given another priority. Those that wait already keep what they have. */
export interface SubmissionPolicy {
  /** The priority of what asks for none. */
  readonly defaultPriority: number;
  /** The highest priority that a submitter may declare, by role. */
  readonly priorityLimitByRole: ByRole<number>;
  /** How long what declares nothing may run; null without a limit. */
  readonly defaultMaxRuntimeSeconds: number | null;
  /** The longest runtime that a submitter may declare, by role; null without a limit. */
  readonly maxRuntimeSecondsLimitByRole: ByRole<number | null>;
  /** What is submitted with a lower priority than this, and does not say, is preemptible; null: nothing. */
  readonly preemptibleBelowPriority: number | null;
}

/** How a cluster is scheduled, and what may be submitted to it: every field that has an effect, with its value. Durations in seconds. */
export interface ClusterPolicy extends PlanningPolicy, SubmissionPolicy {}

/** The fields of a policy that were set: the stored ones. */
export type PolicySettings = Partial<{
  readonly [Field in keyof ClusterPolicy]: ClusterPolicy[Field] extends ByRole<unknown>
    ? Partial<ClusterPolicy[Field]>
    : ClusterPolicy[Field];
}>;

/** The range of each number. */
export const POLICY_LIMITS = {
  ...PLANNING_LIMITS,
  /** As any priority. */
  defaultPriority: { min: 0, max: 100 },
  /** As any declared runtime. */
  defaultMaxRuntimeSeconds: { min: 1, max: 31_622_400 },
} as const;

const DEFAULTS: ClusterPolicy = {
  ...DEFAULT_POLICY,
  defaultPriority: 50,
  priorityLimitByRole: { developer: 100, admin: 100 },
  defaultMaxRuntimeSeconds: null,
  maxRuntimeSecondsLimitByRole: { developer: null, admin: null },
  preemptibleBelowPriority: null,
};

/** The whole policy of a cluster, from the fields that are stored (`clusters.policy`): what was not set has its default. */
export function policyOf(settings: PolicySettings): ClusterPolicy {
  const policy = merged(DEFAULTS, settings) as ClusterPolicy;
  // A setting from before the limit was lowered counts as the limit.
  return { ...policy, searchSteps: Math.min(policy.searchSteps, POLICY_LIMITS.searchSteps.max) };
}

/** Settings after a change: fields that are left out stay, and so do roles that a field leaves out. */
export function merged(before: PolicySettings, change: PolicySettings): PolicySettings {
  const priorityLimitByRole = { ...before.priorityLimitByRole, ...change.priorityLimitByRole };
  const maxRuntimeSecondsLimitByRole = {
    ...before.maxRuntimeSecondsLimitByRole,
    ...change.maxRuntimeSecondsLimitByRole,
  };
  const both = { ...before, ...change };
  return {
    ...both,
    ...(both.priorityLimitByRole === undefined ? {} : { priorityLimitByRole }),
    ...(both.maxRuntimeSecondsLimitByRole === undefined ? {} : { maxRuntimeSecondsLimitByRole }),
  };
}
