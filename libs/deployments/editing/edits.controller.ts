import { Body, Controller, Patch } from '@nestjs/common';

import { ApiRoute, ExpectedVersions, IdParam, IfMatch } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole } from '#rbac';

import { DeploymentDto, EditDeploymentDto } from '../deployments.dto.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { toTaggedDeploymentDto } from '../deployments.mapper.js';
import { type DeploymentEdit } from './edits.repository.js';
import { EditsService } from './edits.service.js';

/** How deployments that wait are changed. */
@Controller('organizations/:organizationId/deployments/:deploymentId')
export class EditsController {
  constructor(private readonly edits: EditsService) {}

  @Patch()
  @RequireRole('developer', { ownership: 'own-or-admin' })
  @ApiRoute({
    id: 'updateDeployment',
    tag: 'deployments',
    summary: 'Edit a deployment that waits',
    description:
      'Changes its priority, its labels, how long it may wait or whether it is preemptible: all of it, or nothing. What is left out stays; `labels` are replaced as a whole. It keeps its age, and `queueTimeoutSeconds` counts from when it came to the queue. Once it is scheduled, it runs as it was asked for: 409.',
    example: { priority: 80 },
    answer: DeploymentDto,
    hasEntityTag: true,
    problems: [
      OrganizationVisibilityErrors.NOT_FOUND,
      RbacErrors.ROLE_TOO_LOW,
      RbacErrors.NOT_OWNER,
      DeploymentErrors.NOT_FOUND,
      DeploymentErrors.INVALID_STATE,
      DeploymentErrors.PRIORITY_ABOVE_LIMIT,
    ],
  })
  async edit(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @IdParam('deploymentId', 'The deployment.') deploymentId: string,
    @Body() body: EditDeploymentDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<DeploymentDto> {
    return toTaggedDeploymentDto(await this.edits.edit(actor, organizationId, deploymentId, toEdit(body), expected));
  }
}

/** What is to be edited: only what was sent. */
function toEdit({ priority, labels, queueTimeoutSeconds, preemptible }: EditDeploymentDto): DeploymentEdit {
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(labels === undefined ? {} : { labels }),
    ...(queueTimeoutSeconds === undefined ? {} : { queueTimeoutSeconds }),
    ...(preemptible === undefined ? {} : { isPreemptible: preemptible }),
  };
}
