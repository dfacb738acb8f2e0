import { type Role, ROLES } from '#kernel';
import { defineEntity, p, timestamptz } from '#database';

const MembershipSchema = defineEntity({
  name: 'Membership',
  tableName: 'memberships',
  primaryKeys: ['organizationId', 'userId'],
  properties: {
    organizationId: p.uuid().primary(),
    userId: p.uuid().primary(),
    role: p.text().$type<Role>(),
    joinedAt: timestamptz.defaultRaw('now()'),
  },
  checks: [{ name: 'memberships_role_check', expression: `role in (${ROLES.map((role) => `'${role}'`).join(', ')})` }],
  indexes: [{ name: 'memberships_user_id_index', properties: ['userId'] }],
});

/** A user in an organization, with the role held there. */
export class Membership extends MembershipSchema.class {
  changeRole(role: Role): void {
    this.role = role;
  }
}
MembershipSchema.setClass(Membership);

export { MembershipSchema };
