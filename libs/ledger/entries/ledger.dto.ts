import { MAX_REQUEST } from '#kernel';
import {
  CountField,
  DecimalField,
  EnumField,
  IdField,
  IntegerField,
  ObjectField,
  PageQuery,
  TimestampField,
} from '#http';

import { LEDGER_KINDS, type LedgerKind } from '../writer/ledger-entry.entity.js';

const MILLIS = 1_000;

/** What an entry is about. Below zero only in corrections. */
export class LedgerAmountsDto {
  @DecimalField({
    description: 'CPU, in cores.',
    min: -MAX_REQUEST / MILLIS,
    max: MAX_REQUEST / MILLIS,
    maxDecimals: 3,
    example: 2.5,
  })
  readonly cpu!: number;

  @IntegerField({ description: 'Memory, in MiB.', min: -MAX_REQUEST, max: MAX_REQUEST, example: 16_384 })
  readonly memoryMib!: number;

  @DecimalField({
    description: 'GPU, in devices.',
    min: -MAX_REQUEST / MILLIS,
    max: MAX_REQUEST / MILLIS,
    maxDecimals: 3,
    example: 0.5,
  })
  readonly gpu!: number;
}

/** One line of the ledger. It never changes. */
export class LedgerEntryDto {
  @CountField({ description: 'Grows with every entry.', min: 1, example: 4711 })
  readonly id!: number;

  @EnumField(LEDGER_KINDS, {
    description:
      '`allocate` gives resources to an attempt, `release` takes them back, `correct` adds a signed difference after drift was found.',
    name: 'LedgerKind',
    example: 'allocate',
  })
  readonly kind!: LedgerKind;

  @IdField({ description: 'Whose resources.' })
  readonly deploymentId!: string;

  @IntegerField({ description: 'Which attempt of it.', min: 1, max: 2_147_483_647, example: 1 })
  readonly attempt!: number;

  @ObjectField(() => LedgerAmountsDto, { description: 'How much.' })
  readonly resources!: LedgerAmountsDto;

  @IdField({ description: 'The pass that wrote it.' })
  readonly passId!: string;

  @TimestampField({ description: 'When.' })
  readonly at!: string;
}

/** What stands in a ledger for the histories that are not kept any more. */
export class LedgerCheckpointDto {
  @CountField({ description: 'Deployments that were removed when they had ended long ago.', example: 1200 })
  readonly deployments!: number;

  @CountField({ description: 'Their entries. What they allocated, they released, to the last unit.', example: 2400 })
  readonly entries!: number;

  @TimestampField({
    description: 'When the last of their resources came back; null where nothing was removed.',
    nullable: true,
  })
  readonly closedUntil!: string | null;
}

/** Which entries to list. */
export class LedgerQuery extends PageQuery {
  @EnumField(LEDGER_KINDS, {
    description: 'Only entries of this kind.',
    name: 'LedgerKind',
    optional: true,
    example: 'release',
  })
  readonly kind?: LedgerKind;

  @IdField({ description: 'Only entries of this deployment.', optional: true })
  readonly deploymentId?: string;
}
