import { EnumField, IdField, ObjectField, OpaqueField, PageQuery, StringField, TimestampField } from '#http';

import { ACTOR_KINDS, type ActorKind, type AuditState } from './audit-entry.entity.js';

const STATE = { nullable: true, example: { role: 'developer' } } as const;

/** The actor. */
export class AuditActorDto {
  @EnumField(ACTOR_KINDS, {
    description:
      '`api-token`: a program with the token of a user. `system`: Stowage itself, or a caller that is not signed in.',
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

/** The object of an action. */
export class AuditTargetDto {
  @StringField({ description: 'The kind of object.', max: 64, example: 'member' })
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

  @TimestampField({ description: 'The time of the action.' })
  readonly occurredAt!: string;

  @ObjectField(() => AuditActorDto, { description: 'The actor.' })
  readonly actor!: AuditActorDto;

  @StringField({ description: 'The action. Names never change.', max: 64, example: 'member_role_change' })
  readonly action!: string;

  @ObjectField(() => AuditTargetDto, { description: 'The object of the action.' })
  readonly target!: AuditTargetDto;

  @OpaqueField({ ...STATE, description: 'The changed or ended fields before the action; null where there are none.' })
  readonly before!: AuditState | null;

  @OpaqueField({ ...STATE, description: 'The changed or new fields after the action; null where there are none.' })
  readonly after!: AuditState | null;

  @StringField({ description: 'The address of the request.', max: 64, nullable: true })
  readonly address!: string | null;

  @StringField({ description: 'The id of the request, as in its answer and in the logs.', max: 64, nullable: true })
  readonly requestId!: string | null;
}

/** A filter of the entries of an organization. */
export class AuditQuery extends PageQuery {
  @IdField({ description: 'Only actions of this user or service account.', optional: true })
  readonly actorId?: string;

  @StringField({ description: 'Only this action.', max: 64, optional: true, example: 'member_role_change' })
  readonly action?: string;

  @StringField({
    description: 'Only actions on objects of this kind.',
    max: 64,
    optional: true,
    example: 'member',
  })
  readonly targetKind?: string;

  @StringField({ description: 'Only actions on the object with this id.', max: 200, optional: true })
  readonly targetId?: string;

  @TimestampField({ description: 'Only from this time on.', optional: true })
  readonly from?: string;

  @TimestampField({ description: 'Only before this time.', optional: true, example: '2026-02-28T12:00:00.000Z' })
  readonly until?: string;
}

/** A filter of the entries of the installation. */
export class InstallationAuditQuery extends AuditQuery {
  @IdField({
    description: 'Only entries of this organization, deleted or not. Without it: entries that concern no organization.',
    optional: true,
  })
  readonly organizationId?: string;
}
