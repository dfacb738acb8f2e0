import { type Role, ROLES } from '#kernel';
import { EnumField, IdField, NameField, PageQuery, StringField, TimestampField, EditOf } from '#http';

/** What creates an organization. */
export class CreateOrganizationDto {
  @NameField({ description: 'How people call the organization; need not be unique.', example: 'Vision Lab' })
  readonly name!: string;
}

/** What can be changed in an organization. */
@EditOf(() => OrganizationDto)
export class UpdateOrganizationDto {
  @NameField({ description: 'How people call the organization; need not be unique.', example: 'Vision Lab' })
  readonly name!: string;
}

/** An organization as one of its members sees it. */
export class OrganizationDto {
  @IdField({ description: 'The organization.' })
  readonly id!: string;

  @NameField({ description: 'How people call the organization.', example: 'Vision Lab' })
  readonly name!: string;

  @EnumField(ROLES, {
    description: 'Your role in it; `admin` for operators; null for a service account that has a scope.',
    name: 'Role',
    nullable: true,
    example: 'admin',
  })
  readonly role!: Role | null;

  @TimestampField({ description: 'When the organization was created.' })
  readonly createdAt!: string;
}

/** What joins an organization. */
export class JoinOrganizationDto {
  @StringField({
    description: 'An invite code. Case, hyphens and spaces do not matter.',
    min: 1,
    max: 64,
    example: '7G4K-M2QX-9T0B-VHZ3-C8NW-5RJE-1PDA',
  })
  readonly code!: string;
}

/** A query for the organizations of the actor. */
export class ListOrganizationsQuery extends PageQuery {
  @NameField({ description: 'Only those with this name, in the same case.', optional: true, example: 'Vision Lab' })
  readonly name?: string;
}
