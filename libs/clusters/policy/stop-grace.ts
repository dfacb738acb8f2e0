import { type Fragment, sql } from '#database';
import { type ClusterRef } from '#queue';

import { policyOf } from './cluster-policy.js';

/** How many seconds a cluster grants to what runs there and is to stop, as SQL: read once by the statement that has it. */
export function stopGraceSeconds(cluster: ClusterRef): Fragment {
  return sql`(
    select coalesce((granting.policy->>'stopGraceSeconds')::int, ${policyOf({}).stopGraceSeconds}::int)
    from clusters granting
    where granting.organization_id = ${cluster.organizationId} and granting.id = ${cluster.clusterId})`;
}
