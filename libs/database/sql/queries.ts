import { type EntityManager } from '@mikro-orm/postgresql';
import { type Kysely } from 'kysely';

/**
 * The typed query builder, in the transaction of `em` if it has one. `Tables` are those of a lib and of the tables that it joins:
 * `InferKyselyDB<typeof OrganizationSchema | typeof MembershipSchema>`. Values are converted as the entities declare them, so the process
 * must know the entities of every table that a query names.
 *
 * A query does not see what `em` has not flushed, and an update must raise the `version` of a versioned entity itself.
 */
export function queries<Tables>(em: EntityManager): Kysely<Tables> {
  return em.getKysely<Tables>({ convertValues: true }) as Kysely<Tables>;
}
