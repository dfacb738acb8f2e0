import { type Role, ROLES } from '#kernel';
import { defineEntity, p, timestamptz } from '#database';

import { type TokenScope } from '../access/access.js';

const ServiceAccountSchema = defineEntity({
  name: 'ServiceAccount',
  tableName: 'service_accounts',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    name: p.text(),
    nameKey: p.text(),
    role: p.text().$type<Role>().nullable(),
    scope: p.text().$type<TokenScope>().nullable(),
    createdBy: p.uuid().columnType('uuid').nullable(),
    createdAt: timestamptz.defaultRaw('now()'),
  },
  checks: [
    { name: 'service_accounts_role_check', expression: `role in (${ROLES.map((role) => `'${role}'`).join(', ')})` },
    { name: 'service_accounts_scope_check', expression: "scope in ('runtime')" },
    { name: 'service_accounts_power_check', expression: 'num_nonnulls(role, scope) = 1' },
  ],
  uniques: [
    { name: 'service_accounts_tenant_unique', properties: ['organizationId', 'id'] },
    { name: 'service_accounts_name_unique', properties: ['organizationId', 'nameKey'] },
  ],
});

/** A service account as an admin of its organization may see it. */
export interface ServiceAccountView {
  readonly id: string;
  readonly name: string;
  readonly role: Role | null;
  readonly scope: TokenScope | null;
  readonly createdAt: string;
}

/** An organization's own non-human principal: it outlives the people who made it, and acts through API tokens only. */
export class ServiceAccount extends ServiceAccountSchema.class {
  toView(): ServiceAccountView {
    const { id, name, role = null, scope = null, createdAt } = this;
    return { id, name, role, scope, createdAt };
  }
}
ServiceAccountSchema.setClass(ServiceAccount);

export { ServiceAccountSchema };
