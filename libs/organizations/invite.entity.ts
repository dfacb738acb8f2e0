import { type Role, ROLES } from '#kernel';
import { databaseTime, defineEntity, p, timestamptz } from '#database';

import { InviteErrors } from './organizations.errors.js';

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
    createdAt: timestamptz.defaultRaw('now()'),
    expiresAt: timestamptz,
    revokedAt: timestamptz.nullable(),
  },
  checks: [
    { name: 'invites_role_check', expression: `role in (${ROLES.map((role) => `'${role}'`).join(', ')})` },
    { name: 'invites_uses_check', expression: 'uses >= 0 and uses <= max_uses' },
  ],
  uniques: [{ name: 'invites_code_hash_unique', properties: ['codeHash'] }],
  indexes: [{ name: 'invites_organization_id_index', properties: ['organizationId', 'id'] }],
});

/** A code by which users join an organization with the role that it carries. Only a hash of the code is kept. */
export class Invite extends InviteSchema.class {
  isRevoked(): boolean {
    return (this.revokedAt ?? null) !== null;
  }

  /**
   * Counts one use. The caller has locked the row.
   *
   * @param isExpired by the clock of the database
   * @throws INVITES.REVOKED, EXPIRED or EXHAUSTED, in this order
   */
  redeem(isExpired: boolean, isInviterAdmin: boolean): void {
    if (this.isRevoked() || !isInviterAdmin) throw InviteErrors.REVOKED.because();
    if (isExpired) throw InviteErrors.EXPIRED.because();
    if (this.uses >= this.maxUses) throw InviteErrors.EXHAUSTED.because();
    this.uses += 1;
  }

  revoke(): void {
    this.revokedAt = databaseTime();
  }
}
InviteSchema.setClass(Invite);

export { InviteSchema };
