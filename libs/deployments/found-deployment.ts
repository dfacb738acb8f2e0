import { visibleClusters } from '#clusters';
import { type EntityManager, rowsOf, sql } from '#database';
import { type Actor, assertOwnOrAdmin } from '#rbac';

import { type DeploymentStatus } from './states/deployment-status.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow } from './deployment-view.js';
import { DeploymentErrors, describeStatus } from './deployments.errors.js';

/** A deployment that the actor sees. @throws DEPLOYMENTS.NOT_FOUND */
export async function findDeployment(
  em: EntityManager,
  actor: Actor,
  organizationId: string,
  deploymentId: string,
  locking = sql``,
): Promise<DeploymentRow> {
  const [row] = await rowsOf(
    em,
    sql<DeploymentRow>`
      select ${DEPLOYMENT_COLUMNS} from deployments d
      where d.organization_id = ${organizationId} and d.id = ${deploymentId}
        and ${visibleClusters(actor, organizationId, 'd.cluster_id')} ${locking}`,
  );
  if (row === undefined) throw DeploymentErrors.NOT_FOUND.because();
  return row;
}

/** A deployment that the actor may change, which nobody else does before the transaction ends. @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER */
export async function lockDeployment(
  tx: EntityManager,
  actor: Actor,
  organizationId: string,
  deploymentId: string,
): Promise<DeploymentRow> {
  const row = await findDeployment(tx, actor, organizationId, deploymentId, sql`for no key update`);
  assertOwnOrAdmin(actor, row.submittedBy);
  return row;
}

/**
 * @param rule what is possible instead, as a sentence, where the status does not say it by itself
 * @throws DEPLOYMENTS.INVALID_STATE when a deployment has none of the statuses
 */
export function requireStatus(
  { status, attempt }: DeploymentRow,
  allowed: readonly DeploymentStatus[],
  rule?: string,
): void {
  if (allowed.includes(status)) return;
  const detail = [describeStatus(status, attempt), ...(rule === undefined ? [] : [rule])].join(' ');
  throw DeploymentErrors.INVALID_STATE.because(detail, { deploymentStatus: status, attempt });
}
