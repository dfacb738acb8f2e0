import { toResources } from '#clusters';
import { present, withEntityTag } from '#http';

import { type DeploymentView } from './deployment-view.js';
import { DeploymentDto } from './deployments.dto.js';

/** A deployment under the entity tag of its version. */
export function toTaggedDeploymentDto(deployment: DeploymentView): DeploymentDto {
  return withEntityTag(toDeploymentDto(deployment), deployment.version);
}

export function toDeploymentDto(deployment: DeploymentView): DeploymentDto {
  const { request, isPreemptible: preemptible } = deployment;
  return present(DeploymentDto, { ...deployment, resources: toResources(request), preemptible });
}
