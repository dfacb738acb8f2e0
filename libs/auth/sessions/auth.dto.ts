import { BooleanField, IdField, IntegerField, ObjectField, StringField } from '#http';

import { canonicalEmail, EMAIL_MAX_LENGTH, USERNAME_PATTERN } from '../accounts/names.js';
import { PASSWORD_INPUT_MAX_LENGTH, PASSWORD_MAX_LENGTH } from '../passwords/password-policy.js';

const USERNAME = {
  description: 'Unique without regard to case.',
  min: 3,
  max: 32,
  pattern: USERNAME_PATTERN,
  patternMessage: 'must consist of letters a-z, digits, dots, dashes and underscores',
  example: 'ada.lovelace',
} as const;

/** The rule of a new password. */
export const NEW_PASSWORD_FIELD = {
  description: `8 (or the minimum of the installation) to ${PASSWORD_MAX_LENGTH} characters of any kind, spaces included.`,
  min: 1,
  max: PASSWORD_INPUT_MAX_LENGTH,
  writeOnly: true,
  example: 'correct horse battery staple',
} as const;

/** The rule of a present password. */
export const PASSWORD_FIELD = { ...NEW_PASSWORD_FIELD, description: 'The password.' } as const;

/** The rule of an e-mail address. */
export const EMAIL_FIELD = {
  description: 'A second name to sign in by. Stowage sends no mail.',
  min: 3,
  max: EMAIL_MAX_LENGTH,
  format: 'email',
  example: 'ada@example.com',
  check: (text: string) =>
    canonicalEmail(text) === undefined ? { code: 'invalid-email', message: 'must be an e-mail address' } : undefined,
} as const;

const REFRESH_TOKEN = {
  description: 'Works once: every answer carries the next one.',
  max: 200,
  writeOnly: true,
  example: 'strf_019a5f00c0de7000800000000000abcd_0_hT2xJ9mQv0b3YwZ4cR6sKdLp8uNfEa1gXiOyV7tBmWo',
} as const;

export class RegistrationDto {
  @StringField(USERNAME)
  readonly username!: string;

  @StringField(NEW_PASSWORD_FIELD)
  readonly password!: string;

  @StringField({ ...EMAIL_FIELD, optional: true, nullable: true })
  readonly email?: string | null;

  @StringField({
    description: 'Joins the organization of the code, or makes no account at all.',
    max: 64,
    optional: true,
    nullable: true,
    example: 'STOW-7K3M-9QXR-T2VH',
  })
  readonly inviteCode?: string | null;
}

export class LoginDto {
  @StringField({ description: 'Username or e-mail address.', max: EMAIL_MAX_LENGTH, example: 'ada.lovelace' })
  readonly username!: string;

  @StringField(PASSWORD_FIELD)
  readonly password!: string;
}

export class RefreshDto {
  @StringField(REFRESH_TOKEN)
  readonly refreshToken!: string;
}

export class UserDto {
  @IdField({ description: 'Id of the user.' })
  readonly id!: string;

  @StringField(USERNAME)
  readonly username!: string;

  @StringField({
    description: 'The e-mail address; null without one.',
    max: EMAIL_MAX_LENGTH,
    format: 'email',
    nullable: true,
  })
  readonly email!: string | null;

  @BooleanField({ description: 'Whether the user administers the whole installation.' })
  readonly isOperator!: boolean;
}

export class TokensDto {
  @StringField({
    description: 'A JWT for the header `Authorization: Bearer`.',
    max: 2048,
    example: 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiIwMTk5MGQ2YiJ9.c2lnbmF0dXJl',
  })
  readonly accessToken!: string;

  @StringField({ description: 'Always `Bearer`.', max: 6, example: 'Bearer' })
  readonly tokenType!: string;

  @IntegerField({ description: 'Seconds until the access token expires.', min: 60, max: 900, example: 900 })
  readonly expiresIn!: number;

  @StringField({ ...REFRESH_TOKEN, writeOnly: false })
  readonly refreshToken!: string;

  @ObjectField(() => UserDto, { description: 'The user of the session.' })
  readonly user!: UserDto;
}

export class ResetDto {
  @StringField(USERNAME)
  readonly username!: string;

  @StringField({
    description: 'The one-time code that an operator made.',
    max: 100,
    writeOnly: true,
    example: 'Zk3nV0pQ8sXw2RtYb7LcMd5HgJfUeAi1oK9xNvTq4Ws',
  })
  readonly code!: string;

  @StringField(NEW_PASSWORD_FIELD)
  readonly password!: string;
}
