import { type Role, ROLES } from '#kernel';
import { EnumField, FreeTextField, IdField, IntegerField, ObjectField, StringField, TimestampField } from '#http';

import { INVITE_STATES, type InviteState } from '../organizations.repository.js';

const DAY = 86_400;

/** What makes an invite. */
export class CreateInviteDto {
  @EnumField(ROLES, { description: 'The role with which people join.', name: 'Role', example: 'developer' })
  readonly role!: Role;

  @IntegerField({ description: 'How many people may use the code.', min: 1, max: 1000, default: 1, example: 5 })
  readonly maxUses!: number;

  @IntegerField({
    description: 'For how long the code can be used, in seconds: from a minute to 30 days.',
    min: 60,
    max: 30 * DAY,
    default: 7 * DAY,
    example: 7 * DAY,
  })
  readonly expiresInSeconds!: number;

  @FreeTextField({ description: 'The purpose of the invite.', max: 200, optional: true, example: 'Summer interns' })
  readonly note?: string;
}

/** What every view of an invite shows. */
class InviteFields {
  @IdField({ description: 'The invite.' })
  readonly id!: string;

  @EnumField(ROLES, { description: 'The role with which people join.', name: 'Role', example: 'developer' })
  readonly role!: Role;

  @IntegerField({ description: 'How many people may use the code.', min: 1, max: 1000, example: 5 })
  readonly maxUses!: number;

  @IntegerField({ description: 'How many have.', min: 0, max: 1000, example: 0 })
  readonly uses!: number;

  @FreeTextField({ description: 'The purpose of the invite.', max: 200, nullable: true, example: 'Summer interns' })
  readonly note!: string | null;

  @TimestampField({ description: 'When the invite was made.' })
  readonly createdAt!: string;

  @TimestampField({ description: 'Until when the code can be used.' })
  readonly expiresAt!: string;
}

/** A new invite. The code is shown here and never again. */
export class NewInviteDto extends InviteFields {
  @StringField({
    description: 'What people type to join. Keep it: only a hash of it is stored.',
    max: 64,
    example: '7G4K-M2QX-9T0B-VHZ3-C8NW-5RJE-1PDA',
  })
  readonly code!: string;
}

/** Who made an invite. */
export class InviterDto {
  @IdField({ description: 'The user or service account.' })
  readonly id!: string;

  @StringField({ description: 'Its name; null for a service account that is gone.', max: 200, nullable: true })
  readonly name!: string | null;
}

/** An invite as admins see it: everything but its code. */
export class InviteDto extends InviteFields {
  @EnumField(INVITE_STATES, {
    description: 'The outcome of using the code now: only `usable` admits a user.',
    name: 'InviteState',
  })
  readonly state!: InviteState;

  @IntegerField({ description: 'How many can still join by it; 0 unless usable.', min: 0, max: 1000, example: 5 })
  readonly usesLeft!: number;

  @ObjectField(() => InviterDto, {
    description: 'Who made it. The code is worth nothing while this is no admin of the organization.',
  })
  readonly createdBy!: InviterDto;
}
