import { type Role, ROLES } from '#kernel';
import { EnumField, IdField, StringField, TimestampField, EditOf } from '#http';

/** What can be changed of a member. */
@EditOf(() => MemberDto)
export class UpdateMemberDto {
  @EnumField(ROLES, { description: 'The role from now on.', name: 'Role', example: 'developer' })
  readonly role!: Role;
}

/** A member as the others see them. */
export class MemberDto {
  @IdField({ description: 'The user.' })
  readonly userId!: string;

  @StringField({ description: 'By what name the user signs in.', max: 32, example: 'ada.lovelace' })
  readonly username!: string;

  @EnumField(ROLES, { description: 'The role in this organization.', name: 'Role', example: 'developer' })
  readonly role!: Role;

  @TimestampField({ description: 'Since when the user belongs to the organization.' })
  readonly joinedAt!: string;
}
