import { IdField, IntegerField, NameField, ObjectField, TimestampField, EditOf } from '#http';

import { type LimitName } from '../organization.entity.js';

const MAX_LIMIT = 1_000_000_000;
const MAX_BYTES = 1_000_000_000_000_000;

const DESCRIPTIONS: Readonly<Record<LimitName, string>> = {
  clusters: 'The most clusters.',
  members: 'The most members.',
  invites: 'The most invites that can still be used.',
  tokens: 'The most API tokens that can still be used, of members and service accounts together.',
  queued: 'The most deployments that wait at the same time.',
  bytes: 'The most bytes that its deployments take in the database, with their specs, labels, messages and events.',
};

const limit = (name: LimitName): { description: string; min: number; max: number; example: number } => ({
  description: DESCRIPTIONS[name],
  min: 0,
  ...(name === 'bytes' ? { max: MAX_BYTES, example: 17_179_869_184 } : { max: MAX_LIMIT, example: 500 }),
});

/** How much an organization may have. */
export class LimitsDto implements Readonly<Record<LimitName, number>> {
  @IntegerField(limit('clusters'))
  readonly clusters!: number;

  @IntegerField(limit('members'))
  readonly members!: number;

  @IntegerField(limit('invites'))
  readonly invites!: number;

  @IntegerField(limit('tokens'))
  readonly tokens!: number;

  @IntegerField(limit('queued'))
  readonly queued!: number;

  @IntegerField(limit('bytes'))
  readonly bytes!: number;
}

/** Limits of one organization's own; null where the installation's default holds. */
export class OwnLimitsDto implements Readonly<Record<LimitName, number | null>> {
  @IntegerField({ ...limit('clusters'), nullable: true })
  readonly clusters!: number | null;

  @IntegerField({ ...limit('members'), nullable: true })
  readonly members!: number | null;

  @IntegerField({ ...limit('invites'), nullable: true })
  readonly invites!: number | null;

  @IntegerField({ ...limit('tokens'), nullable: true })
  readonly tokens!: number | null;

  @IntegerField({ ...limit('queued'), nullable: true })
  readonly queued!: number | null;

  @IntegerField({ ...limit('bytes'), nullable: true })
  readonly bytes!: number | null;
}

/** Limits to set: null goes back to the default, what is left out stays. */
export class LimitChangesDto implements Partial<OwnLimitsDto> {
  @IntegerField({ ...limit('clusters'), nullable: true, optional: true })
  readonly clusters?: number | null;

  @IntegerField({ ...limit('members'), nullable: true, optional: true })
  readonly members?: number | null;

  @IntegerField({ ...limit('invites'), nullable: true, optional: true })
  readonly invites?: number | null;

  @IntegerField({ ...limit('tokens'), nullable: true, optional: true })
  readonly tokens?: number | null;

  @IntegerField({ ...limit('queued'), nullable: true, optional: true })
  readonly queued?: number | null;

  @IntegerField({ ...limit('bytes'), nullable: true, optional: true })
  readonly bytes?: number | null;
}

/** What operators can change of an organization. */
@EditOf(() => InstalledOrganizationDto)
export class UpdateInstalledOrganizationDto {
  @ObjectField(() => LimitChangesDto, { description: 'Limits to set.' })
  readonly limits!: LimitChangesDto;
}

/** An organization as operators see it. */
export class InstalledOrganizationDto {
  @IdField({ description: 'The organization.' })
  readonly id!: string;

  @NameField({ description: 'How people call the organization.', example: 'Vision Lab' })
  readonly name!: string;

  @TimestampField({ description: 'When it was created.' })
  readonly createdAt!: string;

  @TimestampField({ description: 'When it was deleted; null while it exists.', nullable: true })
  readonly deletedAt!: string | null;

  @ObjectField(() => LimitsDto, { description: 'What holds.' })
  readonly limits!: LimitsDto;

  @ObjectField(() => OwnLimitsDto, { description: 'What an operator has set for this organization.' })
  readonly ownLimits!: OwnLimitsDto;
}
