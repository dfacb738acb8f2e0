import { BooleanField, EditOf, IdField, IntegerField, StringField, TimestampField } from '#http';

import { EMAIL_FIELD, NEW_PASSWORD_FIELD, PASSWORD_FIELD, UserDto } from '../sessions/auth.dto.js';

export class ProfileDto extends UserDto {
  @TimestampField({ description: 'When the account was made.' })
  readonly createdAt!: string;
}

@EditOf(() => ProfileDto)
export class UpdateProfileDto {
  @StringField({ ...EMAIL_FIELD, nullable: true })
  readonly email!: string | null;

  @StringField({
    ...PASSWORD_FIELD,
    description: 'The present password: a session alone does not change how one signs in.',
  })
  readonly currentPassword!: string;
}

export class ChangePasswordDto {
  @StringField({ ...PASSWORD_FIELD, description: 'The present password.' })
  readonly currentPassword!: string;

  @StringField(NEW_PASSWORD_FIELD)
  readonly newPassword!: string;
}

export class SessionDto {
  @IdField({ description: 'Id of the session.' })
  readonly id!: string;

  @BooleanField({ description: 'Whether this request came from it.' })
  readonly isCurrent!: boolean;

  @TimestampField({ description: 'When somebody signed in.' })
  readonly createdAt!: string;

  @TimestampField({ description: 'When it was last refreshed.' })
  readonly lastUsedAt!: string;

  @TimestampField({ description: 'When it ends if it is not refreshed.' })
  readonly expiresAt!: string;

  @StringField({
    description: 'What the client called itself when it last signed in or refreshed.',
    min: 0,
    max: 256,
    nullable: true,
  })
  readonly userAgent!: string | null;

  @StringField({ description: 'Where it last signed in or refreshed from.', max: 64, nullable: true })
  readonly address!: string | null;
}

export class SessionsEndedDto {
  @IntegerField({ description: 'How many sessions were ended.', min: 0, max: 1000, example: 2 })
  readonly ended!: number;
}
