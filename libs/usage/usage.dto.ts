import { MAX_CAPACITY } from '#kernel';
import {
  ArrayField,
  CountField,
  DecimalField,
  EnumField,
  IdField,
  IntegerField,
  ObjectField,
  StringField,
  TimestampField,
} from '#http';

import { MAX_LABEL_KEY_LENGTH, MAX_LABEL_VALUE_LENGTH } from '#deployments';
import { MAX_DAYS, MAX_POINTS, MAX_SUMS } from './usage.service.js';

const MANY = Number.MAX_SAFE_INTEGER;

/** The largest cluster, full for the longest period: a number that JSON can carry to a unit or two. */
const MAX_HOURS = MAX_CAPACITY * MAX_DAYS * 24;

/** The tables of which one can be had as CSV. */
export const USAGE_TABLES = ['points', 'members', 'labels', 'deployments'] as const;

export type UsageTable = (typeof USAGE_TABLES)[number];

/** Which period, in which steps. */
export class UsageQuery {
  @TimestampField({
    description: 'Where the period begins: 24 hours before its end, when left out.',
    optional: true,
    example: '2026-01-01T00:00:00Z',
  })
  readonly from?: string;

  @TimestampField({
    description: 'Where it ends: now at the latest, and when left out.',
    optional: true,
    example: '2026-01-02T00:00:00Z',
  })
  readonly to?: string;

  @IntegerField({
    description: `The length of a step, in seconds. A period has at most ${MAX_POINTS} of them.`,
    min: 1,
    max: 31_536_000,
    default: 3_600,
    example: 3_600,
  })
  readonly step!: number;

  @EnumField(USAGE_TABLES, {
    description: 'With `Accept: text/csv`: which of the tables. JSON always has all of them.',
    default: 'points',
    example: 'members',
  })
  readonly table!: UsageTable;
}

/** Resources, as an average. */
export class UsageAllocatedDto {
  @DecimalField({ description: 'CPU, in cores.', min: 0, max: MANY, maxDecimals: 9, example: 12.25 })
  readonly cpu!: number;

  @DecimalField({ description: 'Memory, in MiB.', min: 0, max: MANY, maxDecimals: 6, example: 65_536 })
  readonly memoryMib!: number;

  @DecimalField({ description: 'GPU, in devices.', min: 0, max: MANY, maxDecimals: 9, example: 1.5 })
  readonly gpu!: number;
}

const SHARE = { min: 0, max: MANY, maxDecimals: 20, nullable: true } as const;

/** The same by the capacity that the cluster has now. */
export class UsageUtilizationDto {
  @DecimalField({ description: 'CPU by capacity; null where the cluster has none.', ...SHARE, example: 0.75 })
  readonly cpu!: number | null;

  @DecimalField({ description: 'Memory by capacity; null where the cluster has none.', ...SHARE, example: 0.5 })
  readonly memory!: number | null;

  @DecimalField({ description: 'GPU by capacity; null where the cluster has none.', ...SHARE, example: 1 })
  readonly gpu!: number | null;
}

/** One step of the period. */
export class UsagePointDto {
  @TimestampField({ description: 'Where the step begins.' })
  readonly from!: string;

  @TimestampField({ description: 'Where it ends; the last one may be shorter than the others.' })
  readonly to!: string;

  @ObjectField(() => UsageAllocatedDto, { description: 'What was allocated, on average over the step.' })
  readonly allocated!: UsageAllocatedDto;

  @ObjectField(() => UsageUtilizationDto, { description: 'The same by the capacity that the cluster has now.' })
  readonly utilization!: UsageUtilizationDto;
}

/** Resources times hours. */
export class UsageHoursDto {
  @DecimalField({ description: 'Core-hours.', min: 0, max: MAX_HOURS, maxDecimals: 9, example: 48.5 })
  readonly cpuHours!: number;

  @DecimalField({ description: 'MiB-hours.', min: 0, max: MAX_HOURS, maxDecimals: 6, example: 1_048_576 })
  readonly memoryMibHours!: number;

  @DecimalField({ description: 'Device-hours.', min: 0, max: MAX_HOURS, maxDecimals: 9, example: 12 })
  readonly gpuHours!: number;
}

/** What one member's deployments used. */
export class MemberUsageDto extends UsageHoursDto {
  @IdField({ description: 'Who submitted them.' })
  readonly memberId!: string;
}

/** What the deployments with one label used. A deployment counts for each of its labels, by those that it has now. */
export class LabelUsageDto extends UsageHoursDto {
  @StringField({ description: 'The key of the label.', max: MAX_LABEL_KEY_LENGTH, example: 'team' })
  readonly key!: string;

  @StringField({ description: 'Its value.', min: 0, max: MAX_LABEL_VALUE_LENGTH, example: 'vision' })
  readonly value!: string;
}

/** What one deployment used. */
export class DeploymentUsageDto extends UsageHoursDto {
  @IdField({ description: 'Which deployment.' })
  readonly deploymentId!: string;

  @StringField({ description: 'Its name.', max: 200, example: 'train-resnet' })
  readonly name!: string;
}

/** An attempt that was given up for a higher priority, and what it had used. */
export class PreemptedAttemptDto extends DeploymentUsageDto {
  @CountField({ description: 'Which attempt.', min: 1, example: 1 })
  readonly attempt!: number;

  @TimestampField({ description: 'When its resources came back.' })
  readonly at!: string;

  @IdField({
    description: 'Its preemptor: the first of those for which it was stopped; null where no single one is known.',
    nullable: true,
  })
  readonly preemptorId!: string | null;

  @IntegerField({ description: 'The priority of that one.', min: 0, max: 100, nullable: true, example: 90 })
  readonly preemptorPriority!: number | null;

  @CountField({ description: 'How long it had run, in seconds.', example: 1_800 })
  readonly lostSeconds!: number;
}

/** What preemption has made worthless of what was used. */
export class PreemptedUsageDto extends UsageHoursDto {
  @CountField({ description: 'How many attempts were given up.', example: 1 })
  readonly count!: number;

  @CountField({ description: 'How long they had run, in all, in seconds.', example: 1_800 })
  readonly lostSeconds!: number;

  @ArrayField(() => PreemptedAttemptDto, {
    description: `Each of them, the newest first; at most ${MAX_SUMS}.`,
    max: MAX_SUMS,
  })
  readonly attempts!: PreemptedAttemptDto[];
}

/** What was used in a period. */
export class UsageDto {
  @TimestampField({ description: 'Where the period begins.' })
  readonly from!: string;

  @TimestampField({ description: 'Where it ends.' })
  readonly to!: string;

  @CountField({ description: 'The length of a step, in seconds.', min: 1, example: 3_600 })
  readonly stepSeconds!: number;

  @ArrayField(() => UsagePointDto, { description: 'Every step of the period, oldest first.', max: MAX_POINTS })
  readonly points!: UsagePointDto[];

  @ObjectField(() => UsageHoursDto, { description: 'All of it.' })
  readonly total!: UsageHoursDto;

  @ArrayField(() => MemberUsageDto, {
    description: `By who submitted, the largest first; at most ${MAX_SUMS}.`,
    max: MAX_SUMS,
  })
  readonly members!: MemberUsageDto[];

  @ArrayField(() => LabelUsageDto, {
    description: `By label, the largest first; at most ${MAX_SUMS}. What carries several labels counts for each of them.`,
    max: MAX_SUMS,
  })
  readonly labels!: LabelUsageDto[];

  @ArrayField(() => DeploymentUsageDto, {
    description: `By deployment, the largest first; at most ${MAX_SUMS}.`,
    max: MAX_SUMS,
  })
  readonly deployments!: DeploymentUsageDto[];

  @ObjectField(() => PreemptedUsageDto, {
    description:
      'Work that was lost to preemption in the period: the whole of each attempt whose resources came back in it. What succeeded, or was cancelled, while it was given time to stop is not among it.',
  })
  readonly preempted!: PreemptedUsageDto;
}
