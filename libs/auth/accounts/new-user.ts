import { type EntityManager, rowsOf, sql } from '#database';
import { newId } from '#kernel';

import { type UserView } from '../sessions/sessions.service.js';
import { claimEmail } from './email-claim.js';
import { canonicalEmail, usernameKey } from './names.js';

/** What a new row of users holds. */
export interface NewUser {
  readonly username: string;
  /** As it was typed. */
  readonly email: string | null;
  readonly passwordHash: string;
  readonly isOperator: boolean;
}

/** Whether a username is in use, in either case. */
export async function isTaken(em: EntityManager, username: string): Promise<boolean> {
  const rows = await rowsOf(em, sql`select 1 from users where username_key = ${usernameKey(username)}`);
  return rows.length > 0;
}

/**
 * Inserts a user, who gets the claim to the e-mail address if nobody holds it.
 *
 * @throws the database's error of the constraint `users_username_key_unique` when the username is taken
 */
export async function insertUser(tx: EntityManager, user: NewUser): Promise<UserView> {
  const { username, passwordHash, isOperator } = user;
  const email = user.email === null ? null : (canonicalEmail(user.email) ?? null);
  const claim = await claimEmail(tx, email);
  const id = newId();
  await rowsOf(
    tx,
    sql`
      insert into users (id, username, username_key, email, email_key, password_hash, is_operator)
      select ${id}, ${username}, ${usernameKey(username)}, ${email}::text,
             case when exists (select 1 from users where email_key = ${claim}) then null else ${claim}::text end,
             ${passwordHash}, ${isOperator}::boolean`,
  );
  return { id, username, email, isOperator };
}
