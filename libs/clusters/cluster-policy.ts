import { DEFAULT_POLICY } from '#packing';

/** How a cluster is scheduled: every field that has an effect, with its value. Durations in seconds. */
export interface ClusterPolicy {
  /** How much work one plan may cost, in counted steps. */
  readonly searchSteps: number;
  /** How long a deployment waits before resources are set aside for it: 0 at once, null never. */
  readonly reserveAfterSeconds: number | null;
  /** How long resources are set aside where no time can be promised; then not, for as long. */
  readonly reserveHoldSeconds: number;
}

/** The fields of a policy that somebody has set: what is stored. */
export type PolicySettings = Partial<ClusterPolicy>;

/** The range of each field. */
export const POLICY_LIMITS = {
  /** At ten microseconds a step, the longest plan takes two seconds: a pass must end before its session does. */
  searchSteps: { min: 1, max: 200_000 },
  /** Up to a year. */
  reserveAfterSeconds: { min: 0, max: 31_536_000 },
  /** Up to a year. */
  reserveHoldSeconds: { min: 1, max: 31_536_000 },
} as const;

/** The whole policy of a cluster, from the fields that are stored (`clusters.policy`): what was not set has its default. */
export function policyOf(settings: PolicySettings): ClusterPolicy {
  const { searchSteps, reserveAfterSeconds, reserveHoldSeconds }: ClusterPolicy = { ...DEFAULT_POLICY, ...settings };
  return { searchSteps, reserveAfterSeconds, reserveHoldSeconds };
}
