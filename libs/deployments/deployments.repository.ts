import { visibleClusters } from '#clusters';
import { type EntityManager, queries } from '#database';
import { type Actor, assertOwnOrAdmin } from '#rbac';

import { type DeploymentRef } from './deployment-param.js';
import { COLUMNS, type DeploymentRow, type DeploymentTables } from './deployment-view.js';
import { DeploymentErrors } from './deployments.errors.js';

/** A deployment that the actor sees. @throws DEPLOYMENTS.NOT_FOUND */
export async function findDeployment(
  em: EntityManager,
  actor: Actor,
  { organizationId, deploymentId }: DeploymentRef,
  { isLocked = false } = {},
): Promise<DeploymentRow> {
  const query = queries<DeploymentTables>(em)
    .selectFrom('deployments as d')
    .select(COLUMNS)
    .where('d.organization_id', '=', organizationId)
    .where('d.id', '=', deploymentId)
    .where(visibleClusters(actor, organizationId, 'd.cluster_id'));
  const row = await (isLocked ? query.forNoKeyUpdate() : query).executeTakeFirst();
  if (row === undefined) throw DeploymentErrors.NOT_FOUND.because();
  return row;
}

/** A deployment that the actor may change, locked until the transaction ends. @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER */
export async function lockDeployment(tx: EntityManager, actor: Actor, ref: DeploymentRef): Promise<DeploymentRow> {
  const row = await findDeployment(tx, actor, ref, { isLocked: true });
  assertOwnOrAdmin(actor, row.submittedBy);
  return row;
}
