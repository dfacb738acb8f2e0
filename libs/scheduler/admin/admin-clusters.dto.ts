import {
  ArrayField,
  EnumField,
  IdField,
  IntegerField,
  ListField,
  NameField,
  StringField,
  stringRule,
  TimestampField,
} from '#http';

import { LedgerFindingDto } from '../ledger-audit.dto.js';

const MANY = Number.MAX_SAFE_INTEGER;

/** A cluster as those see it who run the installation. */
export class InstalledClusterDto {
  @IdField({ description: 'Its id: the one in metrics and alerts.' })
  readonly id!: string;

  @IdField({ description: 'Whose it is.' })
  readonly organizationId!: string;

  @NameField({ description: 'Its name.', example: 'gpu-pool' })
  readonly name!: string;

  @EnumField(['active', 'cordoned', 'draining'], { description: 'Whether it starts anything.', example: 'active' })
  readonly state!: 'active' | 'cordoned' | 'draining';

  @IntegerField({ description: 'How many deployments wait.', min: 0, max: MANY, example: 12 })
  readonly queued!: number;

  @IntegerField({
    description: 'How many have ended and still hold resources: more than 0 for milliseconds only.',
    min: 0,
    max: MANY,
    example: 0,
  })
  readonly unsettled!: number;

  @TimestampField({ description: 'When the last pass ended; null before the first one.', nullable: true })
  readonly lastPassAt!: string | null;

  @ListField(stringRule({ description: 'The name of a law.', min: 1, max: 60 }), {
    description: 'Laws of the ledger that are broken here, and not repaired yet.',
    max: 100,
  })
  readonly brokenLaws!: string[];
}

/** What a repair of a ledger did. */
export class LedgerRepairDto {
  @IdField({ description: 'The record of the pass that wrote the corrections.' })
  readonly passId!: string;

  @IntegerField({ description: 'How many corrective entries it wrote.', min: 0, max: MANY, example: 1 })
  readonly corrections!: number;

  @StringField({ description: '`clean`: a full audit after it found nothing.', max: 10, example: 'clean' })
  readonly outcome!: 'clean' | 'broken';

  @ArrayField(() => LedgerFindingDto, { description: 'What is broken still.', max: 1_000 })
  readonly findings!: LedgerFindingDto[];
}
