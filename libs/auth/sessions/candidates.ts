import { type EntityManager, rowsOf, sql } from '#database';

import { type LoginKey } from '../accounts/names.js';

/** An account that somebody claims to be. */
export interface Candidate {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly isOperator: boolean;
  readonly passwordHash: string;
  readonly isDisabled: boolean;
  /** Whether it signed in before from the address that asks now. */
  readonly isKnownAddress: boolean;
}

/** The account of a name, an e-mail address or an id; undefined when there is none. */
export async function candidateOf(
  em: EntityManager,
  key: LoginKey | { readonly id: string },
  address: string | null,
): Promise<Candidate | undefined> {
  const [candidate] = await rowsOf(
    em,
    sql<Candidate>`
      select u.id, u.username, u.email, u.is_operator as "isOperator", u.password_hash as "passwordHash",
             u.disabled_at is not null as "isDisabled",
             exists (select 1 from login_addresses a where a.user_id = u.id and a.address = ${address}) as "isKnownAddress"
      from users u where ${condition(key)}`,
  );
  return candidate;
}

function condition(key: LoginKey | { readonly id: string }): ReturnType<typeof sql> {
  if ('id' in key) return sql`u.id = ${key.id}`;
  return 'email' in key ? sql`u.email_key = ${key.email}` : sql`u.username_key = ${key.username}`;
}
