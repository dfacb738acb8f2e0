import { DEFAULT_POLICY } from '#packing';
import { IntegerField } from '#http';

import { POLICY_LIMITS } from './cluster-policy.js';

const SEARCH_STEPS =
  'How much work one plan may cost, in steps of about ten microseconds. Where that is not enough to prove a plan optimal, it comes with its honest gap.';
const RESERVE_AFTER =
  'How long a deployment waits before resources are set aside for it, in seconds; 0: at once, null: never.';
const RESERVE_HOLD =
  'How long resources are set aside for a deployment to which no time can be promised, in seconds; then they are not, for as long.';

/** The fields of a policy that are to be set. */
export class PolicySettingsDto {
  @IntegerField({ description: SEARCH_STEPS, ...POLICY_LIMITS.searchSteps, optional: true, example: 20_000 })
  readonly searchSteps?: number;

  @IntegerField({
    description: RESERVE_AFTER,
    ...POLICY_LIMITS.reserveAfterSeconds,
    optional: true,
    nullable: true,
    example: 600,
  })
  readonly reserveAfterSeconds?: number | null;

  @IntegerField({ description: RESERVE_HOLD, ...POLICY_LIMITS.reserveHoldSeconds, optional: true, example: 3_600 })
  readonly reserveHoldSeconds?: number;
}

/** How a cluster is scheduled: every field that has an effect. */
export class ClusterPolicyDto {
  @IntegerField({ description: SEARCH_STEPS, ...POLICY_LIMITS.searchSteps, example: DEFAULT_POLICY.searchSteps })
  readonly searchSteps!: number;

  @IntegerField({ description: RESERVE_AFTER, ...POLICY_LIMITS.reserveAfterSeconds, nullable: true, example: 600 })
  readonly reserveAfterSeconds!: number | null;

  @IntegerField({
    description: RESERVE_HOLD,
    ...POLICY_LIMITS.reserveHoldSeconds,
    example: DEFAULT_POLICY.reserveHoldSeconds,
  })
  readonly reserveHoldSeconds!: number;
}
