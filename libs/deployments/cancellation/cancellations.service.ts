import { Injectable } from '@nestjs/common';

import { Database } from '#database';
import { ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { type DeploymentRef } from '../deployment-param.js';
import { type DeploymentView, viewOf } from '../deployment-view.js';
import { requireStatus } from '../deployments.errors.js';
import { lockDeployment } from '../deployments.repository.js';
import { CANCELLABLE_STATUSES } from '../states/transitions.js';
import { shapeChanges } from '../submission/orders.js';
import { cancelOne, isCancelled } from './cancellations.repository.js';

/** Cancels single deployments. */
@Injectable()
export class CancellationsService {
  constructor(
    private readonly database: Database,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
  ) {}

  /**
   * Cancels a deployment: at once, or when it has stopped, where it runs and is granted a grace. A cancelled deployment stays as it is.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.INVALID_STATE when it has ended otherwise
   */
  async cancel(actor: Actor, ref: DeploymentRef): Promise<DeploymentView> {
    const { deployment, isChanged } = await this.database.transaction(async (tx) => {
      const before = await lockDeployment(tx, actor, ref);
      if (isCancelled(before)) return { deployment: viewOf(before), isChanged: false };
      requireStatus(before, CANCELLABLE_STATUSES);
      const deployment = viewOf(await cancelOne(tx, actor, before));
      const changes = before.status === 'queued' ? shapeChanges([deployment], -1) : [];
      await this.signals.announce(tx, deployment, 'cancelled', changes);
      return { deployment, isChanged: true };
    });
    if (isChanged) this.nudges.nudge(deployment.clusterId);
    return deployment;
  }
}
