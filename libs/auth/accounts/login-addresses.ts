import { type EntityManager, rowsOf, sql } from '#database';

/** Most addresses that are remembered of one account. */
const MAX_LOGIN_ADDRESSES = 50;

/** Remembers that a user signed in from an address, and forgets the oldest of too many. */
export async function rememberAddress(tx: EntityManager, userId: string, address: string | null): Promise<void> {
  if (address === null) return;
  await rowsOf(
    tx,
    sql`
      with forgotten as (
        delete from login_addresses where (user_id, address) in (
          select user_id, address from login_addresses where user_id = ${userId} and address <> ${address}
          order by last_login_at desc offset ${MAX_LOGIN_ADDRESSES - 1} for update skip locked)
      )
      insert into login_addresses (user_id, address) values (${userId}, ${address})
      on conflict (user_id, address) do update set last_login_at = now()`,
  );
}
