import { type RawBuilder, sql } from '#database';
import { type Actor } from '#rbac';

/**
 * The condition under which an actor sees what belongs to a cluster, as SQL for a `where` clause or a select list.
 *
 * Every statement that reads or locks something of a cluster for an actor carries it, so that a change of a list acts on the next request.
 * Admins, operators and service accounts with a scope see every cluster; other actors see those that are open to the organization or list
 * them. A deleted restricted cluster stays restricted.
 *
 * Costs one reading of the organization's restricted clusters for a whole statement, and does not change how its tables are joined.
 *
 * @param column the column that holds the cluster's id, written by a developer: `c.id`, `d.cluster_id`
 */
export function visibleClusters(
  actor: Pick<Actor, 'id' | 'role' | 'scope'>,
  organizationId: string,
  column: string,
): RawBuilder<boolean> {
  if (actor.role === 'admin' || actor.scope !== null) return sql<boolean>`true`;
  return sql<boolean>`${sql.ref(column)} <> all (array(
    select hidden.id from clusters hidden
    where hidden.organization_id = ${organizationId} and hidden.access = 'restricted'
      and not exists (select 1 from cluster_access listed where listed.cluster_id = hidden.id and listed.user_id = ${actor.id})))`;
}
