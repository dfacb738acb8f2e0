import { type EntityManager, rowsOf, sql } from '#database';

import { emailKey } from './names.js';

/**
 * The key under which an account would hold an e-mail address, with everybody else who claims it at this moment made to wait until the
 * transaction ends: so that the second sees what the first has done.
 */
export async function claimEmail(tx: EntityManager, email: string | null): Promise<string | null> {
  if (email === null) return null;
  const claim = emailKey(email);
  await rowsOf(tx, sql`select pg_advisory_xact_lock(hashtextextended(${claim}, 7))`);
  return claim;
}
