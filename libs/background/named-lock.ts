import { type EntityManager, rowsOf, sql } from '#database';

/** Takes a lock that the whole installation shares, until the transaction ends. @returns false where another session has it */
export async function tryNamedLock(tx: EntityManager, name: string): Promise<boolean> {
  const [row] = await rowsOf(
    tx,
    sql<{ isMine: boolean }>`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as "isMine"`,
  );
  return row?.isMine === true;
}
