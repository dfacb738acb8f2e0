import {
  ArrayField,
  BooleanField,
  CountField,
  IdField,
  ListField,
  StringField,
  stringRule,
  TimestampField,
} from '#http';

/** A law of the ledger. */
export class LedgerLawDto {
  @StringField({ description: 'Its name.', max: 60, example: 'allocated-is-open' })
  readonly name!: string;

  @StringField({ description: 'What must hold.', max: 300, example: 'Nothing is allocated beyond the capacity.' })
  readonly sentence!: string;

  @BooleanField({ description: 'True when a cluster that breaks it is cordoned.', example: true })
  readonly isDrift!: boolean;
}

/** A law that is broken in a cluster. */
export class LedgerFindingDto {
  @StringField({ description: 'Which law.', max: 60, example: 'allocated-is-open' })
  readonly law!: string;

  @IdField({ description: 'Whose cluster.' })
  readonly organizationId!: string;

  @IdField({ description: 'Which cluster.' })
  readonly clusterId!: string;

  @BooleanField({ description: 'True when the cluster was cordoned for it.', example: true })
  readonly isDrift!: boolean;

  @CountField({ description: 'How many rows break it.', min: 1, example: 1 })
  readonly violations!: number;

  @ListField(stringRule({ description: 'A row, as JSON.', min: 0, max: 4_000 }), {
    description: 'Some of these rows, each as JSON.',
    max: 5,
  })
  readonly samples!: string[];
}

/** What a full audit of the ledger saw. */
export class LedgerAuditDto {
  @BooleanField({ description: 'True when no law is broken anywhere.', example: true })
  readonly isClean!: boolean;

  @TimestampField({ description: 'Of which moment it speaks.' })
  readonly startedAt!: string;

  @TimestampField({ description: 'When it ended.' })
  readonly finishedAt!: string;

  @ArrayField(() => LedgerLawDto, { description: 'What was recomputed.', max: 100 })
  readonly laws!: LedgerLawDto[];

  @ArrayField(() => LedgerFindingDto, { description: 'What is broken, and where.', max: 100_000 })
  readonly findings!: LedgerFindingDto[];
}
