import { Injectable } from '@nestjs/common';

import { Database } from '#database';
import { type Actor } from '#rbac';

import { type DeploymentRef } from './deployment-param.js';
import { type DeploymentView, viewOf } from './deployment-view.js';
import { findDeployment } from './deployments.repository.js';

/** Reads single deployments. */
@Injectable()
export class DeploymentsService {
  constructor(private readonly database: Database) {}

  /** @throws DEPLOYMENTS.NOT_FOUND */
  async read(actor: Actor, ref: DeploymentRef): Promise<DeploymentView> {
    return viewOf(await findDeployment(this.database.reader(), actor, ref));
  }
}
