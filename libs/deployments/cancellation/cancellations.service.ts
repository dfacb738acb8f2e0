import { Injectable } from '@nestjs/common';

import { Database, rowsOf, sql } from '#database';
import { ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { CANCELLABLE_STATUSES } from '../states/transitions.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { lockDeployment, requireStatus } from '../found-deployment.js';
import { shapeChanges } from '../submission/submission.js';
import { cancelling } from './cancelling.js';

/** Cancels single deployments. */
@Injectable()
export class CancellationsService {
  constructor(
    private readonly database: Database,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
  ) {}

  /**
   * Cancels a deployment, wherever it stands: at once, or when it has stopped, where it runs and is granted time for that. What is
   * cancelled already stays so.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.INVALID_STATE when it has ended otherwise
   */
  async cancel(actor: Actor, organizationId: string, deploymentId: string): Promise<DeploymentView> {
    const { deployment, isChanged } = await this.database.transaction(async (tx) => {
      const before = await lockDeployment(tx, actor, organizationId, deploymentId);
      if (isCancelled(before)) return { deployment: viewOf(before), isChanged: false };
      requireStatus(before, CANCELLABLE_STATUSES);
      const [row] = await rowsOf(
        tx,
        sql<DeploymentRow>`
          with chosen as (
            select organization_id, id, status, stop_report from deployments
            where organization_id = ${organizationId} and id = ${deploymentId}
          ), ${cancelling(actor, before)}
          select ${DEPLOYMENT_COLUMNS} from cancelled d`,
      );
      if (row === undefined) throw new Error('a locked deployment was not there to be cancelled');
      const changes = before.status === 'queued' ? shapeChanges([viewOf(before)], -1) : [];
      await this.signals.announce(tx, row, 'cancelled', changes);
      return { deployment: viewOf(row), isChanged: true };
    });
    if (isChanged) this.nudges.nudge(deployment.clusterId);
    return deployment;
  }
}

/** Whether it is cancelled, or will be when it has stopped. */
function isCancelled({ status, stopOutcome }: DeploymentRow): boolean {
  return status === 'cancelled' || (status === 'stopping' && stopOutcome === 'cancelled');
}
