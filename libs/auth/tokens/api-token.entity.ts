import { type Role, ROLES } from '#kernel';
import { defineEntity, p, timestamptz } from '#database';

const ApiTokenSchema = defineEntity({
  name: 'ApiToken',
  tableName: 'api_tokens',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    userId: p.uuid().columnType('uuid').nullable(),
    serviceAccountId: p.uuid().columnType('uuid').nullable(),
    name: p.text(),
    tokenHash: p.blob().columnType('bytea').hidden(),
    role: p.text().$type<Role>().nullable(),
    createdAt: timestamptz.defaultRaw('now()'),
    expiresAt: timestamptz,
    lastUsedAt: timestamptz.nullable(),
  },
  checks: [
    { name: 'api_tokens_role_check', expression: `role in (${ROLES.map((role) => `'${role}'`).join(', ')})` },
    { name: 'api_tokens_owner_check', expression: 'num_nonnulls(user_id, service_account_id) = 1' },
    { name: 'api_tokens_power_check', expression: '(user_id is not null) = (role is not null)' },
  ],
  uniques: [{ name: 'api_tokens_token_hash_unique', properties: ['tokenHash'] }],
  indexes: [
    { name: 'api_tokens_user_id_index', properties: ['userId', 'id'] },
    { name: 'api_tokens_service_account_id_index', properties: ['organizationId', 'serviceAccountId', 'id'] },
  ],
});

/** A token as its owner may see it. */
export interface ApiTokenView {
  readonly id: string;
  readonly name: string;
  readonly organizationId: string;
  readonly role: Role | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
}

/**
 * A key for programs, of a user or of a service account, good in one organization.
 *
 * A user's token has a role of its own, and never grants more than the user's present role; a service account's token grants what the account may do.
 */
export class ApiToken extends ApiTokenSchema.class {}
ApiTokenSchema.setClass(ApiToken);

export { ApiTokenSchema };
