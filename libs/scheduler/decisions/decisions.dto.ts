import { CountField, IdField, StringField, TimestampField } from '#http';

/** The head of the decision log of a cluster. */
export class DecisionHeadDto {
  @CountField({ description: 'Decisions that were recorded, in all: the position of the last one.', example: 10_234 })
  readonly position!: number;

  @StringField({
    description:
      'The last hash of the chain, SHA-256 in hexadecimal. It covers every decision up to this position. Null where none was recorded.',
    max: 64,
    nullable: true,
    example: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
  })
  readonly hash!: string | null;

  @IdField({ description: 'The pass of the last decision; null where none was recorded.', nullable: true })
  readonly passId!: string | null;

  @TimestampField({ description: 'The time of the last decision; null where none was recorded.', nullable: true })
  readonly at!: string | null;

  @CountField({ description: 'The position of the oldest decision that is kept; 0 where none is.', example: 8_192 })
  readonly oldestPosition!: number;

  @CountField({ description: 'The bytes of the decisions that are kept.', example: 3_145_728 })
  readonly bytes!: number;
}
