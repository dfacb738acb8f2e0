import { EnumField, IdField, NameField, ObjectField } from '#http';
import { type Role, ROLES } from '#kernel';

import { PRINCIPAL_KINDS, type PrincipalKind, TOKEN_SCOPES, type TokenScope } from '../access/access.js';
import { TokenDto } from './tokens.dto.js';

export class OwnAccessDto {
  @EnumField(PRINCIPAL_KINDS, {
    description: "`user`: a user's session; `api-token`: a user's API token; `service-account`: its API token.",
    name: 'PrincipalKind',
    example: 'service-account',
  })
  readonly kind!: PrincipalKind;

  @IdField({ description: 'Id of the user; for a service account its own.' })
  readonly id!: string;

  @NameField({ description: 'The username, or the name of the service account.', example: 'ci' })
  readonly name!: string;

  @ObjectField(() => TokenDto, { description: 'The API token; null for a session.', nullable: true })
  readonly token!: TokenDto | null;

  @EnumField(ROLES, {
    description:
      'The role that the token grants at this moment: the lower of its own and that of its user; null for a session, and for a scope.',
    name: 'Role',
    nullable: true,
  })
  readonly role!: Role | null;

  @EnumField(TOKEN_SCOPES, {
    description: 'The scope that the token grants; null for a session, and for a role.',
    name: 'TokenScope',
    nullable: true,
  })
  readonly scope!: TokenScope | null;
}
