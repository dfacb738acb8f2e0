import { type EntityClass } from '@mikro-orm/core';
import { type EntityManager } from '@mikro-orm/postgresql';

/** A query of the typed builder that selects all columns of one table. */
interface Lockable {
  forNoKeyUpdate(): { executeTakeFirst(): Promise<object | undefined> };
}

/**
 * Locks the row that a query finds `for no key update`, and returns its entity. The lock modes of the ORM lack it: foreign keys that refer
 * to the row, such as those of submissions, do not wait for it.
 */
export async function lockedEntity<E extends object>(
  tx: EntityManager,
  type: EntityClass<E>,
  query: Lockable,
): Promise<E | undefined> {
  const row = await query.forNoKeyUpdate().executeTakeFirst();
  return row === undefined ? undefined : tx.map(type, row);
}
