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
    description: 'The present password: a session alone cannot change the names of a sign-in.',
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

  @TimestampField({ description: 'When the session began.' })
  readonly createdAt!: string;

  @TimestampField({ description: 'When it was last refreshed.' })
  readonly lastUsedAt!: string;

  @TimestampField({ description: 'When it ends if it is not refreshed.' })
  readonly expiresAt!: string;

  @StringField({
    description: 'The `User-Agent` of the last sign-in or refresh.',
    min: 0,
    max: 256,
    nullable: true,
  })
  readonly userAgent!: string | null;

  @StringField({ description: 'The address of the last sign-in or refresh.', max: 64, nullable: true })
  readonly address!: string | null;
}

export class SessionsEndedDto {
  @IntegerField({ description: 'Number of sessions that were ended.', min: 0, max: 1000, example: 2 })
  readonly ended!: number;
}
