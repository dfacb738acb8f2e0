import { changesOf, type EntityManager, lockedEntity, queries, rowsOf, sql, type TablesOf } from '#database';
import { keyOf } from '#http';
import { newId } from '#kernel';

import { type LoginAddressSchema } from './login-address.entity.js';
import { canonicalEmail, emailKey, type LoginKey, usernameKey } from './names.js';
import { type ResetCodeSchema } from './reset-code.entity.js';
import { type AccountView, User, type UserSchema, type UserView } from './user.entity.js';

type AccountTables = TablesOf<typeof UserSchema | typeof LoginAddressSchema | typeof ResetCodeSchema>;

/** The most addresses that are kept of one account. */
const MAX_LOGIN_ADDRESSES = 50;

/** How long an address is known after a sign-in from there. */
const KNOWN_DAYS = 90;

/** An account before its password has been compared. */
export interface AccountAtSignIn extends UserView {
  readonly passwordHash: string;
  readonly disabledAt: string | null;
  /** Whether the account signed in from the address of this request before, in the last {@link KNOWN_DAYS} days. */
  readonly isKnownAddress: boolean;
}

const ACCOUNT = [
  'id',
  'username',
  'email',
  'is_operator as isOperator',
  'created_at as createdAt',
  'disabled_at as disabledAt',
] as const;

/** Accounts, newest first, after the one that is named; or the one of an id or a username. */
export async function listAccounts(
  em: EntityManager,
  {
    take,
    after,
    id,
    username,
  }: { take: number; after?: string | undefined; id?: string; username?: string | undefined },
): Promise<AccountView[]> {
  let query = queries<AccountTables>(em).selectFrom('users').select(ACCOUNT).orderBy('id', 'desc').limit(take);
  if (after !== undefined) query = query.where('id', '<', after);
  if (id !== undefined) query = query.where('id', '=', id);
  if (username !== undefined) query = query.where('username_key', '=', usernameKey(username));
  return query.execute();
}

/** Whether a username is in use, in either case. */
export async function isTaken(em: EntityManager, username: string): Promise<boolean> {
  return (await em.count(User, { usernameKey: usernameKey(username) })) > 0;
}

/**
 * Makes a user. The first account with an e-mail address can sign in by it.
 *
 * @throws the database's error of the constraint `users_username_key_unique` when the username is taken
 */
export async function createUser(
  tx: EntityManager,
  { username, email: typed, passwordHash, isOperator }: Omit<UserView, 'id'> & { readonly passwordHash: string },
): Promise<UserView> {
  const id = newId();
  const email = normalizedEmail(typed);
  const key = await emailKeyFor(tx, email, id);
  tx.create(User, { id, username, usernameKey: usernameKey(username), email, emailKey: key, passwordHash, isOperator });
  await tx.flush();
  return { id, username, email, isOperator };
}

/** Changes the e-mail address of a user; undefined when there is no such user. */
export async function changeEmail(
  tx: EntityManager,
  id: string,
  typed: string | null,
): Promise<AccountView | undefined> {
  // Address and key are written together: a concurrent change of the same account waits.
  const user = await lockedEntity(
    tx,
    User,
    queries<AccountTables>(tx).selectFrom('users').selectAll().where('id', '=', id),
  );
  if (user === undefined) return undefined;
  const email = normalizedEmail(typed);
  user.changeEmail(email, await emailKeyFor(tx, email, id));
  await tx.flush();
  return user.toView();
}

/** Disables or enables an account; undefined when there is none. Holds its row, which sign-ins re-check, until the transaction ends. */
export async function setDisabled(
  tx: EntityManager,
  id: string,
  isDisabled: boolean,
): Promise<AccountView | undefined> {
  return queries<AccountTables>(tx)
    .updateTable('users')
    .set({ disabled_at: isDisabled ? sql<string>`coalesce(disabled_at, now())` : null })
    .where('id', '=', id)
    .returning(ACCOUNT)
    .executeTakeFirst();
}

/** The account of a name, an e-mail address or an id; undefined when there is none. */
export async function accountAtSignIn(
  em: EntityManager,
  key: LoginKey | { readonly id: string },
  address: string | null,
): Promise<AccountAtSignIn | undefined> {
  const query = queries<AccountTables>(em)
    .selectFrom('users as u')
    .leftJoin('login_addresses as a', (join) =>
      join
        .onRef('a.user_id', '=', 'u.id')
        .on('a.address', '=', keyOf(address))
        .on('a.last_login_at', '>', sql<string>`now() - make_interval(days => ${KNOWN_DAYS})`),
    )
    .select(['u.id', 'u.username', 'u.email', 'u.is_operator as isOperator', 'u.password_hash as passwordHash'])
    .select(['u.disabled_at as disabledAt', sql<boolean>`a.address is not null`.as('isKnownAddress')]);
  if ('id' in key) return query.where('u.id', '=', key.id).executeTakeFirst();
  if ('email' in key) return query.where('u.email_key', '=', key.email).executeTakeFirst();
  return query.where('u.username_key', '=', key.username).executeTakeFirst();
}

/**
 * Holds an account until the transaction ends, unless it was disabled or its password changed since `passwordHash` was read.
 *
 * @param renewedHash replaces a hash that is too weak
 */
export async function holdUnchanged(
  tx: EntityManager,
  { id, passwordHash }: AccountAtSignIn,
  renewedHash: string | undefined,
): Promise<boolean> {
  const held = await rowsOf(
    tx,
    renewedHash === undefined
      ? sql`select id from users where id = ${id} and password_hash = ${passwordHash} and disabled_at is null for share`
      : sql`
          update users set password_hash = ${renewedHash}
          where id = ${id} and password_hash = ${passwordHash} and disabled_at is null returning id`,
  );
  return held.length > 0;
}

/** Replaces a password, unless it changed since `passwordHash` was read. */
export async function replacePassword(
  tx: EntityManager,
  { id, passwordHash }: AccountAtSignIn,
  nextHash: string,
): Promise<boolean> {
  const changed = await changesOf(
    tx,
    sql`
      update users set password_hash = ${nextHash}, password_changed_at = now()
      where id = ${id} and password_hash = ${passwordHash}`,
  );
  return changed > 0;
}

/** Makes a user's one reset code, in place of an earlier one; undefined when there is no such user. */
export async function createResetCode(
  tx: EntityManager,
  code: { readonly userId: string; readonly hash: Buffer; readonly createdBy: string; readonly seconds: number },
): Promise<{ readonly username: string; readonly expiresAt: string } | undefined> {
  const user = await tx.findOne(User, code.userId);
  if (user === null) return undefined;
  const expiresAt = sql<string>`now() + make_interval(secs => ${code.seconds})`;
  const values = {
    code_hash: code.hash,
    created_by: code.createdBy,
    created_at: sql<string>`now()`,
    expires_at: expiresAt,
  };
  const created = await queries<AccountTables>(tx)
    .insertInto('reset_codes')
    .values({ user_id: code.userId, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .returning('expires_at as expiresAt')
    .executeTakeFirstOrThrow();
  return { username: user.username, ...created };
}

/** Whether a reset code is that of the user, and can be used. */
export async function isResetCode(em: EntityManager, username: string, codeHash: Buffer): Promise<boolean> {
  const found = await queries<AccountTables>(em)
    .selectFrom('reset_codes as c')
    .innerJoin('users as u', 'u.id', 'c.user_id')
    .select('u.id')
    .where('u.username_key', '=', usernameKey(username))
    .where('u.disabled_at', 'is', null)
    .where('c.code_hash', '=', codeHash)
    .where('c.expires_at', '>', sql<string>`now()`)
    .execute();
  return found.length > 0;
}

/** Uses up a reset code and sets a password, in one statement; undefined when the code is not, or no longer, that of the user. */
export async function useResetCode(
  tx: EntityManager,
  reset: { readonly username: string; readonly codeHash: Buffer; readonly passwordHash: string },
): Promise<Pick<UserView, 'id' | 'username'> | undefined> {
  const [user] = await rowsOf(
    tx,
    sql<Pick<UserView, 'id' | 'username'>>`
      with used as (
        delete from reset_codes c using users u
        where u.id = c.user_id and u.username_key = ${usernameKey(reset.username)} and u.disabled_at is null
          and c.code_hash = ${reset.codeHash} and c.expires_at > now()
        returning c.user_id
      )
      update users set password_hash = ${reset.passwordHash}, password_changed_at = now()
      where id = (select user_id from used) returning id, username`,
  );
  return user;
}

/** Keeps that a user proved its identity at an address (of IPv6, at its /64), and deletes the oldest of too many. */
export async function rememberAddress(tx: EntityManager, userId: string, address: string | null): Promise<void> {
  if (address === null) return;
  const key = keyOf(address);
  await rowsOf(
    tx,
    sql`
      with forgotten as (
        delete from login_addresses where (user_id, address) in (
          select user_id, address from login_addresses where user_id = ${userId} and address <> ${key}
          order by last_login_at desc offset ${MAX_LOGIN_ADDRESSES - 1} for update skip locked)
      )
      insert into login_addresses (user_id, address) values (${userId}, ${key})
      on conflict (user_id, address) do update set last_login_at = now()`,
  );
}

function normalizedEmail(typed: string | null): string | null {
  return typed === null ? null : (canonicalEmail(typed) ?? null);
}

/**
 * The key by which a user can sign in with an e-mail address; null when another account has it.
 *
 * Transactions that ask for the same address take turns, so that the second sees what the first has done.
 */
async function emailKeyFor(tx: EntityManager, email: string | null, userId: string): Promise<string | null> {
  if (email === null) return null;
  const key = emailKey(email);
  await rowsOf(tx, sql`select pg_advisory_xact_lock(hashtextextended(${key}, 7))`);
  return (await tx.count(User, { emailKey: key, id: { $ne: userId } })) === 0 ? key : null;
}
