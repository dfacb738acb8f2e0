import { type Fragment, sql } from '#database';
import { type Actor } from '#rbac';

/**
 * The condition under which an actor sees what belongs to a cluster, as SQL for a `where` clause or a select list.
 *
 * Every statement that reads or locks something of a cluster for somebody carries it, so that a change of a list acts on the next request.
 * Admins, operators and service accounts with a scope see every cluster; others those that are open to the organization or have them on
 * their list. Deleted clusters count like others: what remains of a restricted one stays restricted.
 *
 * Costs one reading of the organization's restricted clusters for a whole statement, and does not change how its tables are joined.
 *
 * @param column the column that holds the cluster's id, written by a developer: `c.id`, `d.cluster_id`
 */
export function visibleClusters(
  actor: Pick<Actor, 'id' | 'role' | 'scope'>,
  organizationId: string,
  column: string,
): Fragment {
  if (actor.role === 'admin' || actor.scope !== null) return sql`true`;
  return sql`${sql.ref(column)} <> all (array(
    select hidden.id from clusters hidden
    where hidden.organization_id = ${organizationId} and hidden.access = 'restricted'
      and not exists (select 1 from cluster_access listed where listed.cluster_id = hidden.id and listed.user_id = ${actor.id})))`;
}
