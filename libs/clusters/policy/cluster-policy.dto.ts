import {
  DEFAULT_POLICY,
  type Objective,
  OBJECTIVES,
  PREEMPTION,
  type Preempting,
  RESERVATION_ORDERS,
  type ReservationOrder,
} from '#packing';
import { EnumField, IntegerField, ObjectField } from '#http';

import { POLICY_LIMITS } from './cluster-policy.js';

const OBJECTIVE =
  'What a plan is after, from the highest priority down. `successes`: the most starts, then the highest utilization. `utilization`: the highest utilization (the sum over resources of used by capacity), then the most starts.';
const SEARCH_STEPS =
  'The steps that the search of one plan may take; a step takes about ten microseconds. Reading the problem, bounding and filling each level once count as steps, and are done even where they exceed the limit. Where the search ends before a plan is proven optimal, its certificate states the gap.';
const RESERVE_AFTER =
  'How long a deployment waits before resources are set aside for it, in seconds; 0: at once, null: never.';
const RESERVATION_ORDER =
  'Whose turn it is, within a priority, among those that have waited that long and are left out. `relative-wait`: the longest wait as a multiple of the declared runtime, or of what is learned where none is declared, which counts as one minute at least and twelve hours at most; a wait of more than seven days comes before all others. Waits count up to the last whole minute of the clock. `age`: the longest wait.';

const PREEMPTION_WORDS =
  '`lower-priority`: preemptible deployments are given up for what waits with a higher priority, where that starts in their place; `never`: what has started runs on.';
const PREEMPT_AFTER =
  'How long what was scheduled is left alone before it may be preempted, in seconds. It counts from when it was scheduled, like `maxRuntimeSeconds`, and not from the reported start.';
const MAX_PREEMPTIONS = 'How often one deployment may be preempted, at most.';
const STOP_GRACE =
  'How long a running deployment that is cancelled, preempted or out of time is `stopping` and keeps its resources, at most, in seconds, until its runtime reports; 0: it ends, and its resources come back, at once.';
const PREEMPTIBLE_BELOW =
  'What is submitted with a priority below this, and does not say whether it is preemptible, is; null: nothing. What waits or runs already stays as it is.';

const DEFAULT_PRIORITY =
  'The priority of deployments that declare none, at most the limit of the role of the submitter.';
const PRIORITY_LIMIT = 'The highest priority that a submitter with this role may declare.';
const PRIORITY_LIMITS =
  'The highest priority by role. It holds for submissions and edits; what waits already keeps its priority.';
const DEFAULT_MAX_RUNTIME =
  'How long deployments may run that declare nothing, in seconds; null: without a limit, unless their submitter has one.';
const MAX_RUNTIME_LIMIT = 'The longest runtime that a submitter with this role may declare, in seconds; null: any.';
const MAX_RUNTIME_LIMITS =
  'The longest runtime by role. What declares none gets the default, and where that is longer, or none, the limit.';

const PRIORITY = { description: PRIORITY_LIMIT, ...POLICY_LIMITS.defaultPriority, example: 80 };
const MAX_RUNTIME = { description: MAX_RUNTIME_LIMIT, ...POLICY_LIMITS.defaultMaxRuntimeSeconds, example: 86_400 };

/** Limits of priority that are to be set. */
export class PriorityLimitSettingsDto {
  @IntegerField({ ...PRIORITY, optional: true })
  readonly developer?: number;

  @IntegerField({ ...PRIORITY, optional: true })
  readonly admin?: number;
}

/** The limits of priority. */
export class PriorityLimitsDto {
  @IntegerField(PRIORITY)
  readonly developer!: number;

  @IntegerField(PRIORITY)
  readonly admin!: number;
}

/** Limits of runtime that are to be set. */
export class MaxRuntimeLimitSettingsDto {
  @IntegerField({ ...MAX_RUNTIME, optional: true, nullable: true })
  readonly developer?: number | null;

  @IntegerField({ ...MAX_RUNTIME, optional: true, nullable: true })
  readonly admin?: number | null;
}

/** The limits of runtime. */
export class MaxRuntimeLimitsDto {
  @IntegerField({ ...MAX_RUNTIME, nullable: true })
  readonly developer!: number | null;

  @IntegerField({ ...MAX_RUNTIME, nullable: true })
  readonly admin!: number | null;
}

/** As much of a policy as plans depend on; what is left out stays. */
export class PlanningPolicyDto {
  @EnumField(OBJECTIVES, { description: OBJECTIVE, name: 'Objective', optional: true })
  readonly objective?: Objective;

  @IntegerField({ description: SEARCH_STEPS, ...POLICY_LIMITS.searchSteps, optional: true, example: 5_000 })
  readonly searchSteps?: number;

  @IntegerField({
    description: RESERVE_AFTER,
    ...POLICY_LIMITS.reserveAfterSeconds,
    optional: true,
    nullable: true,
    example: 600,
  })
  readonly reserveAfterSeconds?: number | null;

  @EnumField(RESERVATION_ORDERS, { description: RESERVATION_ORDER, name: 'ReservationOrder', optional: true })
  readonly reservationOrder?: ReservationOrder;

  @EnumField(PREEMPTION, { description: PREEMPTION_WORDS, name: 'Preemption', optional: true })
  readonly preemption?: Preempting;

  @IntegerField({ description: PREEMPT_AFTER, ...POLICY_LIMITS.preemptAfterSeconds, optional: true, example: 60 })
  readonly preemptAfterSeconds?: number;

  @IntegerField({ description: MAX_PREEMPTIONS, ...POLICY_LIMITS.maxPreemptions, optional: true, example: 3 })
  readonly maxPreemptions?: number;

  @IntegerField({ description: STOP_GRACE, ...POLICY_LIMITS.stopGraceSeconds, optional: true, example: 30 })
  readonly stopGraceSeconds?: number;
}

/** The fields of a policy that are to be set. */
export class PolicySettingsDto extends PlanningPolicyDto {
  @IntegerField({ description: DEFAULT_PRIORITY, ...POLICY_LIMITS.defaultPriority, optional: true, example: 50 })
  readonly defaultPriority?: number;

  @ObjectField(() => PriorityLimitSettingsDto, { description: PRIORITY_LIMITS, optional: true })
  readonly priorityLimitByRole?: PriorityLimitSettingsDto;

  @IntegerField({
    description: DEFAULT_MAX_RUNTIME,
    ...POLICY_LIMITS.defaultMaxRuntimeSeconds,
    optional: true,
    nullable: true,
    example: 86_400,
  })
  readonly defaultMaxRuntimeSeconds?: number | null;

  @ObjectField(() => MaxRuntimeLimitSettingsDto, { description: MAX_RUNTIME_LIMITS, optional: true })
  readonly maxRuntimeSecondsLimitByRole?: MaxRuntimeLimitSettingsDto;

  @IntegerField({
    description: PREEMPTIBLE_BELOW,
    ...POLICY_LIMITS.defaultPriority,
    optional: true,
    nullable: true,
    example: 20,
  })
  readonly preemptibleBelowPriority?: number | null;
}

/** How a cluster is scheduled: every field that has an effect. */
export class ClusterPolicyDto {
  @EnumField(OBJECTIVES, { description: OBJECTIVE, name: 'Objective' })
  readonly objective!: Objective;

  @IntegerField({ description: SEARCH_STEPS, ...POLICY_LIMITS.searchSteps, example: DEFAULT_POLICY.searchSteps })
  readonly searchSteps!: number;

  @IntegerField({ description: RESERVE_AFTER, ...POLICY_LIMITS.reserveAfterSeconds, nullable: true, example: 600 })
  readonly reserveAfterSeconds!: number | null;

  @EnumField(RESERVATION_ORDERS, { description: RESERVATION_ORDER, name: 'ReservationOrder' })
  readonly reservationOrder!: ReservationOrder;

  @EnumField(PREEMPTION, { description: PREEMPTION_WORDS, name: 'Preemption' })
  readonly preemption!: Preempting;

  @IntegerField({ description: PREEMPT_AFTER, ...POLICY_LIMITS.preemptAfterSeconds, example: 60 })
  readonly preemptAfterSeconds!: number;

  @IntegerField({ description: MAX_PREEMPTIONS, ...POLICY_LIMITS.maxPreemptions, example: 3 })
  readonly maxPreemptions!: number;

  @IntegerField({ description: STOP_GRACE, ...POLICY_LIMITS.stopGraceSeconds, example: 0 })
  readonly stopGraceSeconds!: number;

  @IntegerField({ description: DEFAULT_PRIORITY, ...POLICY_LIMITS.defaultPriority, example: 50 })
  readonly defaultPriority!: number;

  @ObjectField(() => PriorityLimitsDto, { description: PRIORITY_LIMITS })
  readonly priorityLimitByRole!: PriorityLimitsDto;

  @IntegerField({
    description: DEFAULT_MAX_RUNTIME,
    ...POLICY_LIMITS.defaultMaxRuntimeSeconds,
    nullable: true,
    example: 86_400,
  })
  readonly defaultMaxRuntimeSeconds!: number | null;

  @ObjectField(() => MaxRuntimeLimitsDto, { description: MAX_RUNTIME_LIMITS })
  readonly maxRuntimeSecondsLimitByRole!: MaxRuntimeLimitsDto;

  @IntegerField({ description: PREEMPTIBLE_BELOW, ...POLICY_LIMITS.defaultPriority, nullable: true, example: 20 })
  readonly preemptibleBelowPriority!: number | null;
}
