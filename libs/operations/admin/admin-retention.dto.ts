import { ArrayField, EnumField, IntegerField, StringField, TimestampField } from '#http';

import { KEPT_KINDS, type KeptKind, MAX_OVERDUE } from './admin-retention.service.js';

/** One kind of data, and how long it is kept. */
export class KeptDataDto {
  @EnumField(KEPT_KINDS, {
    name: 'KeptKind',
    description:
      'What it is. `deployments`: those that have ended, with their events and ledger entries. `usage-sums`: what deployments used that are gone. `passes`: records of passes. `pass-snapshots`: the snapshots by which passes are explained. `idempotent-answers`: answers that are given again under an `Idempotency-Key`. `audit-entries`: the audit log.',
    example: 'deployments',
  })
  readonly kind!: KeptKind;

  @StringField({
    description: 'The setting that says how long; null where it is not a matter of settings.',
    max: 60,
    nullable: true,
    example: 'STOWAGE_DEPLOYMENT_RETENTION_DAYS',
  })
  readonly setting!: string | null;

  @IntegerField({
    description: 'For how many seconds it is kept; null: for ever.',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
    example: 7_776_000,
  })
  readonly keptForSeconds!: number | null;

  @TimestampField({
    description:
      'From when the oldest is that is still there; null when there is none. Of deployments, the end of those that were submitted first in their cluster; of usage sums, when the resources came back.',
    nullable: true,
  })
  readonly oldestAt!: string | null;

  @IntegerField({
    description: `How many are past their time, counted up to ${MAX_OVERDUE}.`,
    min: 0,
    max: MAX_OVERDUE,
    example: 0,
  })
  readonly overdue!: number;
}

/** What the installation keeps for how long. */
export class RetentionDto {
  @ArrayField(() => KeptDataDto, { description: 'One for each kind of data.', max: 20 })
  readonly items!: KeptDataDto[];
}
