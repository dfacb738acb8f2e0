import { type EntityManager, queries, rowsOf, sql, type TablesOf } from '#database';
import { newId, type Role } from '#kernel';

import { createApiToken, digestOf } from './api-token-format.js';
import { ApiToken, type ApiTokenSchema, type ApiTokenView } from './api-token.entity.js';
import { ServiceAccount } from './service-account.entity.js';

type TokenTables = TablesOf<typeof ApiTokenSchema>;

/** Names a service account, in its organization. */
export interface ServiceAccountKey {
  readonly organizationId: string;
  readonly serviceAccountId: string;
}

/** The owner of API tokens. */
export type TokenOwner = { readonly userId: string } | ServiceAccountKey;

/** The input of a new token. A service account's has no role: it grants what the account may do. */
export interface TokenOrder {
  readonly organizationId: string;
  readonly name: string;
  readonly role: Role | null;
  readonly expiresInSeconds: number;
}

/** A token that was just made. Its text is shown here and never again. */
export interface NewApiToken extends ApiTokenView {
  readonly token: string;
}

const TOKEN = [
  'id',
  'name',
  'organization_id as organizationId',
  'role',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'last_used_at as lastUsedAt',
] as const;

const NOW = sql<string>`now()`;

/** The owner's tokens that still work, newest first, after the one that is named. */
export async function listTokens(
  em: EntityManager,
  owner: TokenOwner,
  take: number,
  after: string | undefined,
): Promise<ApiTokenView[]> {
  let query = queries<TokenTables>(em)
    .selectFrom('api_tokens')
    .select(TOKEN)
    .where((eb) => eb.and(columnsOf(owner)))
    .where('expires_at', '>', NOW);
  if (after !== undefined) query = query.where('id', '<', after);
  return query.orderBy('id', 'desc').limit(take).execute();
}

/** One token by its id. */
export async function readToken(em: EntityManager, id: string): Promise<ApiTokenView | undefined> {
  return queries<TokenTables>(em).selectFrom('api_tokens').select(TOKEN).where('id', '=', id).executeTakeFirst();
}

/** Inserts a token, whose time runs by the database's clock. */
export async function insertToken(tx: EntityManager, owner: TokenOwner, order: TokenOrder): Promise<NewApiToken> {
  const id = newId();
  const token = createApiToken(id);
  const created = await queries<TokenTables>(tx)
    .insertInto('api_tokens')
    .values({
      id,
      organization_id: order.organizationId,
      user_id: 'userId' in owner ? owner.userId : null,
      service_account_id: 'userId' in owner ? null : owner.serviceAccountId,
      name: order.name,
      token_hash: digestOf(token),
      role: order.role,
      expires_at: sql<string>`now() + make_interval(secs => ${order.expiresInSeconds})`,
    })
    .returning(TOKEN)
    .executeTakeFirstOrThrow();
  return { ...created, token };
}

/** The number of tokens that still work, of an owner or of a whole organization. */
export async function countTokens(
  tx: EntityManager,
  of: TokenOwner | { readonly organizationId: string },
): Promise<number> {
  const { count } = await queries<TokenTables>(tx)
    .selectFrom('api_tokens')
    .select(sql<number>`count(*)::int`.as('count'))
    .where((eb) => eb.and(columnsOf(of)))
    .where('expires_at', '>', NOW)
    .executeTakeFirstOrThrow();
  return count;
}

/** Deletes the tokens of an owner that have expired. */
export async function deleteExpiredTokens(tx: EntityManager, owner: TokenOwner): Promise<void> {
  const tokens = queries<TokenTables>(tx)
    .deleteFrom('api_tokens')
    .where((eb) => eb.and(columnsOf(owner)));
  await tokens.where('expires_at', '<=', NOW).execute();
}

/** Locks the owner until the transaction ends, so that those that count its tokens take turns. @returns false when there is none */
export async function lockOwner(tx: EntityManager, owner: TokenOwner): Promise<boolean> {
  const statement =
    'userId' in owner
      ? sql`select 1 from users where id = ${owner.userId} and disabled_at is null for no key update`
      : sql`
          select 1 from service_accounts
          where organization_id = ${owner.organizationId} and id = ${owner.serviceAccountId} for no key update`;
  return (await rowsOf(tx, statement)).length > 0;
}

/** Deletes the API tokens that a member has in an organization, so that they stay deleted if the user comes back. */
export async function deleteTokensOfMember(tx: EntityManager, organizationId: string, userId: string): Promise<void> {
  await tx.nativeDelete(ApiToken, { organizationId, userId });
}

/** Deletes every API token and service account of an organization that ends. */
export async function deleteTokensOfOrganization(tx: EntityManager, organizationId: string): Promise<void> {
  await tx.nativeDelete(ApiToken, { organizationId });
  await tx.nativeDelete(ServiceAccount, { organizationId });
}

function columnsOf(of: TokenOwner | { readonly organizationId: string }): {
  user_id?: string;
  organization_id?: string;
  service_account_id?: string;
} {
  if ('userId' in of) return { user_id: of.userId };
  const organization = { organization_id: of.organizationId };
  return 'serviceAccountId' in of ? { ...organization, service_account_id: of.serviceAccountId } : organization;
}
