import { ArrayField, CountField, EnumField, IntegerField, StringField, TimestampField } from '#http';

import { KEPT_KINDS, type KeptKind, MAX_OVERDUE } from './admin-retention.service.js';

/** One kind of data, and how long it is kept. */
export class KeptDataDto {
  @EnumField(KEPT_KINDS, {
    name: 'KeptKind',
    description:
      '`deployments`: ended ones, with their events and ledger entries. `usage-sums`: the usage of removed deployments. `passes`: records of passes. `pass-snapshots`: the snapshots that explain passes. `decisions`: the decision log; what is kept begins with a decision that is stored whole. `idempotent-answers`: answers repeated under an `Idempotency-Key`. `audit-entries`: the audit log.',
    example: 'deployments',
  })
  readonly kind!: KeptKind;

  @StringField({
    description: 'The setting of the time; null where no setting changes it.',
    max: 60,
    nullable: true,
    example: 'STOWAGE_DEPLOYMENT_RETENTION_DAYS',
  })
  readonly setting!: string | null;

  @CountField({
    description: 'How long it is kept, in seconds; null: for ever. 0: nothing is recorded.',
    nullable: true,
    example: 7_776_000,
  })
  readonly keptForSeconds!: number | null;

  @TimestampField({
    description:
      'Time of the oldest; null when there is none. Of deployments, the end of those submitted first in their cluster; of usage sums, when the resources were released.',
    nullable: true,
  })
  readonly oldestAt!: string | null;

  @IntegerField({
    description: `Number of overdue rows, counted up to ${MAX_OVERDUE}.`,
    min: 0,
    max: MAX_OVERDUE,
    example: 0,
  })
  readonly overdue!: number;
}

/** Retention of every kind of data. */
export class RetentionDto {
  @ArrayField(() => KeptDataDto, { description: 'One for each kind of data.', max: 20 })
  readonly items!: KeptDataDto[];
}
