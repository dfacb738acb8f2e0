import { DeploymentResourcesDto } from '#clusters';
import {
  ArrayField,
  BooleanField,
  CountField,
  IdField,
  IntegerField,
  MAX_PAGE_SIZE,
  ObjectField,
  StringField,
  TimestampField,
} from '#http';

import { BlockerDto } from '../parts/blocker.dto.js';

const MAX_RUNTIME_SECONDS = 2_147_483_647;

/** The oldest of deployments that are alike. */
export class OldestDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @TimestampField({ description: 'Since when it waits.' })
  readonly queuedAt!: string;
}

/** Deployments that are alike and wait, and what keeps them. */
export class BlockedShapeDto {
  @IntegerField({ description: 'Higher first.', min: 0, max: 100, example: 50 })
  readonly priority!: number;

  @ObjectField(() => DeploymentResourcesDto, { description: 'What each of them needs.' })
  readonly resources!: DeploymentResourcesDto;

  @IntegerField({
    description: 'How long each may run, in seconds; null without a limit.',
    min: 1,
    max: MAX_RUNTIME_SECONDS,
    nullable: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds!: number | null;

  @CountField({ description: 'How many of them wait.', min: 1, example: 12 })
  readonly waiting!: number;

  @ObjectField(() => OldestDto, {
    description:
      'The one that has waited longest; null where the scheduler does not look at ages, because nothing is ever reserved.',
    nullable: true,
  })
  readonly oldest!: OldestDto | null;

  @StringField({
    description: 'Why the oldest of them waits, in plain words. The others wait for the same, and behind it.',
    min: 1,
    max: 4000,
    example: 'It waits because it asks for 4 GPUs and only 1 GPU is free (3 GPUs too few).',
  })
  readonly sentence!: string;

  @ArrayField(() => BlockerDto, { description: 'Everything that keeps the oldest of them.', max: 300 })
  readonly blockers!: BlockerDto[];
}

/** What keeps the queue of a cluster, as the scheduler left it. */
export class ClusterBlockersDto {
  @TimestampField({ description: 'When the scheduler looked; null: it has not yet.', nullable: true })
  readonly asOf!: string | null;

  @IdField({ description: 'The pass in which it did.', nullable: true })
  readonly passId!: string | null;

  @BooleanField({
    description: 'True while nothing has happened in the cluster since; otherwise a newer answer is on its way.',
    example: true,
  })
  readonly current!: boolean;

  @CountField({ description: 'How many deployments waited.', example: 12 })
  readonly waiting!: number;

  @CountField({
    description: 'How many different ones. Of very many, only the first by rank are described.',
    example: 1,
  })
  readonly shapes!: number;

  @ArrayField(() => BlockedShapeDto, { description: 'By priority, then age of the oldest.', max: MAX_PAGE_SIZE })
  readonly items!: BlockedShapeDto[];

  @StringField({
    description: 'Pass as `cursor` for the next page; null on the last one.',
    max: 2048,
    nullable: true,
  })
  readonly nextCursor!: string | null;
}
