import { EnumField, IdField, IntegerField, NameField, ObjectRule, StringField, TimestampField } from '#http';
import { type Role, ROLES } from '#kernel';

import { TOKEN_SCOPES, type TokenScope } from '../access/access.js';

const DAY = 86_400;

/** The default lifetime of a token. */
export const DEFAULT_TOKEN_SECONDS = 90 * DAY;

/** The longest lifetime of a token. */
export const MAX_TOKEN_SECONDS = 366 * DAY;

const EXPIRES_IN = {
  description: 'Lifetime of the token: a minute to 366 days.',
  min: 60,
  max: MAX_TOKEN_SECONDS,
  default: DEFAULT_TOKEN_SECONDS,
  example: DEFAULT_TOKEN_SECONDS,
} as const;

export class CreateServiceAccountTokenDto {
  @NameField({ description: 'Purpose of the token.', example: 'nightly build' })
  readonly name!: string;

  @IntegerField(EXPIRES_IN)
  readonly expiresInSeconds!: number;
}

export class CreateTokenDto extends CreateServiceAccountTokenDto {
  @IdField({ description: 'The one organization in which the token is valid.' })
  readonly organizationId!: string;

  @EnumField(ROLES, {
    description: 'At most your own. The token never grants more than your present role.',
    name: 'Role',
    example: 'developer',
  })
  readonly role!: Role;
}

export class TokenDto {
  @IdField({ description: 'Id of the token.' })
  readonly id!: string;

  @NameField({ description: 'Purpose of the token.', example: 'nightly build' })
  readonly name!: string;

  @IdField({ description: 'The organization in which it is valid.' })
  readonly organizationId!: string;

  @EnumField(ROLES, {
    description: "The token's own role; null for a service account's, which grants what the account may do.",
    name: 'Role',
    nullable: true,
  })
  readonly role!: Role | null;

  @TimestampField({ description: 'When it was made.' })
  readonly createdAt!: string;

  @TimestampField({ description: 'When it stops working.' })
  readonly expiresAt!: string;

  @TimestampField({ description: 'When it was last used, to the minute; null before its first use.', nullable: true })
  readonly lastUsedAt!: string | null;
}

export class NewTokenDto extends TokenDto {
  @StringField({
    description: 'The token. It is shown here and never again.',
    max: 100,
    example: 'stow_0Ab1Cd2Ef3Gh4Ij5Kl6Mn7_0Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7I',
  })
  readonly token!: string;
}

@ObjectRule<CreateServiceAccountDto>(({ role, scope }) =>
  (role === undefined) === (scope === undefined)
    ? { code: 'role-or-scope', message: 'must have either a role or a scope' }
    : undefined,
)
export class CreateServiceAccountDto {
  @NameField({ description: 'Unique in the organization, without regard to case.', example: 'ci' })
  readonly name!: string;

  @EnumField(ROLES, { description: 'Either a role ...', name: 'Role', optional: true, example: 'developer' })
  readonly role?: Role;

  @EnumField(TOKEN_SCOPES, {
    description:
      '... or a scope. `runtime`: read deployments and events, report start and completion of any deployment, nothing else.',
    name: 'TokenScope',
    optional: true,
  })
  readonly scope?: TokenScope;
}

export class ServiceAccountDto {
  @IdField({ description: 'Id of the service account.' })
  readonly id!: string;

  @NameField({ description: 'Unique in the organization.', example: 'ci' })
  readonly name!: string;

  @EnumField(ROLES, { description: 'Its role; null when it has a scope.', name: 'Role', nullable: true })
  readonly role!: Role | null;

  @EnumField(TOKEN_SCOPES, { description: 'Its scope; null when it has a role.', name: 'TokenScope', nullable: true })
  readonly scope!: TokenScope | null;

  @TimestampField({ description: 'When it was made.' })
  readonly createdAt!: string;
}
