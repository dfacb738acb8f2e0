import { Body, Controller, Patch } from '@nestjs/common';

import { ApiRoute, ExpectedVersions, IfMatch } from '#http';
import { OrganizationErrors } from '#organizations';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { DeploymentDto, EditDeploymentDto } from '../deployments.dto.js';
import { DeploymentParam, type DeploymentRef } from '../deployment-param.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { toTaggedDeploymentDto } from '../deployments.mapper.js';
import { type DeploymentEdit } from './edits.repository.js';
import { EditsService } from './edits.service.js';

/** Edits queued deployments. */
@Controller('organizations/:organizationId/deployments/:deploymentId')
export class EditsController {
  constructor(private readonly edits: EditsService) {}

  @Patch()
  @RequireRole('developer', { ownership: 'own-or-admin' })
  @ApiRoute({
    id: 'updateDeployment',
    isNewWork: true,
    tag: 'deployments',
    summary: 'Edit a queued deployment',
    result: 'The deployment with the changes, still queued.',
    description:
      'Changes its priority, its labels, how long it may wait or whether it is preemptible: all changes, or none. Omitted fields stay; `labels` are replaced as a whole. The deployment keeps its age, and `queueTimeoutSeconds` counts from when it was queued. A deployment that is not queued cannot be edited: 409.',
    example: { priority: 80 },
    answer: DeploymentDto,
    hasEntityTag: true,
    problems: [
      DeploymentErrors.INVALID_STATE,
      DeploymentErrors.PRIORITY_ABOVE_LIMIT,
      OrganizationErrors.BYTES_LIMIT_REACHED,
    ],
  })
  async edit(
    @CurrentActor() actor: Actor,
    @DeploymentParam() deployment: DeploymentRef,
    @Body() body: EditDeploymentDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<DeploymentDto> {
    return toTaggedDeploymentDto(await this.edits.edit(actor, deployment, toEdit(body), expected));
  }
}

/** The edit of a request: only fields that were sent. */
function toEdit({ preemptible, ...edit }: EditDeploymentDto): DeploymentEdit {
  return preemptible === undefined ? edit : { ...edit, isPreemptible: preemptible };
}
