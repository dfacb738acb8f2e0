import { Injectable } from '@nestjs/common';

import { type WaitPreference } from '#http';
import { type Actor } from '#rbac';

import { type DeploymentDto } from '../deployments.dto.js';
import { toDeploymentDto } from '../deployments.mapper.js';
import { DeploymentsService } from '../deployments.service.js';
import { PlacementWaits } from './placement-waits.js';

/** Delays the answers of submissions until the deployment is placed, where the client prefers that. */
@Injectable()
export class PlacementPresenter {
  constructor(
    private readonly waits: PlacementWaits,
    private readonly deployments: DeploymentsService,
  ) {}

  /** The answer at once, or the deployment when it is placed or the wait is over. */
  async afterWaiting(
    prefer: WaitPreference,
    actor: Actor,
    organizationId: string,
    submitted: DeploymentDto,
  ): Promise<DeploymentDto> {
    if (prefer.seconds === null) return submitted;
    const isWaited = await this.waits.untilPlaced(organizationId, submitted.id, prefer.seconds * 1_000);
    if (!isWaited) return submitted;
    prefer.markApplied();
    return toDeploymentDto(await this.deployments.read(actor, { organizationId, deploymentId: submitted.id }));
  }
}
