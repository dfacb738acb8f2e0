import { EnumField, IdField, ObjectField, OpaqueField, PageQuery, StringField, TimestampField } from '#http';

import { ACTOR_KINDS, type ActorKind } from './audit-entry.entity.js';
import { type AuditState } from './audit-log.js';

const STATE = { nullable: true, example: { role: 'developer' } } as const;

/** Who acted. */
export class AuditActorDto {
  @EnumField(ACTOR_KINDS, {
    description:
      '`api-token`: a program with the token of a user. `system`: Stowage itself, or somebody not signed in.',
    name: 'ActorKind',
  })
  readonly kind!: ActorKind;

  @IdField({ description: 'The user or service account; null for `system`.', nullable: true })
  readonly id!: string | null;

  @StringField({ description: 'The name at that time.', max: 200, example: 'ada.lovelace' })
  readonly name!: string;

  @IdField({ description: 'The API token, if one was used.', nullable: true })
  readonly tokenId!: string | null;
}

/** What it was done to. */
export class AuditTargetDto {
  @StringField({ description: 'What kind of thing.', max: 64, example: 'member' })
  readonly kind!: string;

  @StringField({ description: 'Its id, where it has one.', max: 200, nullable: true })
  readonly id!: string | null;

  @StringField({ description: 'Its name at that time, where it had one.', max: 500, nullable: true })
  readonly name!: string | null;
}

/** One action, as it was recorded. Entries are never changed. */
export class AuditEntryDto {
  @IdField({ description: 'The entry.' })
  readonly id!: string;

  @IdField({ description: 'The organization; null for what concerns an account or the installation.', nullable: true })
  readonly organizationId!: string | null;

  @TimestampField({ description: 'When it was done.' })
  readonly occurredAt!: string;

  @ObjectField(() => AuditActorDto, { description: 'Who did it.' })
  readonly actor!: AuditActorDto;

  @StringField({ description: 'What was done. Names never change.', max: 64, example: 'member_role_change' })
  readonly action!: string;

  @ObjectField(() => AuditTargetDto, { description: 'What it was done to.' })
  readonly target!: AuditTargetDto;

  @OpaqueField({ ...STATE, description: 'What was changed or ended, as it was before; null where nothing was.' })
  readonly before!: AuditState | null;

  @OpaqueField({ ...STATE, description: 'What was changed or made, as it was afterwards; null where nothing was.' })
  readonly after!: AuditState | null;

  @StringField({ description: 'The address that the request came from.', max: 64, nullable: true })
  readonly address!: string | null;

  @StringField({ description: 'The id of the request, as in its answer and in the logs.', max: 64, nullable: true })
  readonly requestId!: string | null;
}

/** Which entries of an organization to list. */
export class AuditQuery extends PageQuery {
  @IdField({ description: 'Only what this user or service account did.', optional: true })
  readonly actorId?: string;

  @StringField({ description: 'Only this action.', max: 64, optional: true, example: 'member_role_change' })
  readonly action?: string;

  @StringField({
    description: 'Only what was done to things of this kind.',
    max: 64,
    optional: true,
    example: 'member',
  })
  readonly targetKind?: string;

  @StringField({ description: 'Only what was done to this thing, by its id.', max: 200, optional: true })
  readonly targetId?: string;

  @TimestampField({ description: 'Only from this time on.', optional: true })
  readonly from?: string;

  @TimestampField({ description: 'Only before this time.', optional: true, example: '2026-02-28T12:00:00.000Z' })
  readonly until?: string;
}

/** Which entries of the installation to list. */
export class InstallationAuditQuery extends AuditQuery {
  @IdField({
    description: 'Of this organization, also when it was deleted. Left out: what concerns no organization.',
    optional: true,
  })
  readonly organizationId?: string;
}
