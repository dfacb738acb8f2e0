import { IdField, StringField, TimestampField } from '#http';

/** A member on the list of a cluster. */
export class ClusterAccessEntryDto {
  @IdField({ description: 'The member.' })
  readonly userId!: string;

  @StringField({ description: 'The name with which the member signs in.', max: 32, example: 'ada' })
  readonly username!: string;

  @IdField({ description: 'The user or service account that put the member on the list.' })
  readonly grantedBy!: string;

  @TimestampField({ description: 'When the member was put on the list.' })
  readonly grantedAt!: string;
}
