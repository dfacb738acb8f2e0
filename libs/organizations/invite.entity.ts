import { type Role, ROLES } from '#kernel';
import { defineEntity, p } from '#database';

const InviteSchema = defineEntity({
  name: 'Invite',
  tableName: 'invites',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    codeHash: p.blob().columnType('bytea'),
    role: p.text().$type<Role>(),
    maxUses: p.integer(),
    uses: p.integer().default(0),
    note: p.text().nullable(),
    createdBy: p.uuid().columnType('uuid'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    expiresAt: p.datetime().columnType('timestamptz'),
    revokedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  checks: [
    { name: 'invites_role_check', expression: `role in (${ROLES.map((role) => `'${role}'`).join(', ')})` },
    { name: 'invites_uses_check', expression: 'uses >= 0 and uses <= max_uses' },
  ],
  uniques: [{ name: 'invites_code_hash_unique', properties: ['codeHash'] }],
  indexes: [{ name: 'invites_organization_id_index', properties: ['organizationId', 'id'] }],
});

/** A code by which people join an organization with the role that it carries. Only a hash of the code is kept. */
export class Invite extends InviteSchema.class {}
InviteSchema.setClass(Invite);

export { InviteSchema };
