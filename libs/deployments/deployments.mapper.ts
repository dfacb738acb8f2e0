import { toResources } from '#clusters';
import { withEntityTag } from '#http';

import { type DeploymentView } from './deployment-view.js';
import { type DeploymentDto, type StoppingDto } from './deployments.dto.js';

/** A deployment under the entity tag of its version. */
export function toTaggedDeploymentDto(deployment: DeploymentView): DeploymentDto {
  return withEntityTag(toDeploymentDto(deployment), deployment.version);
}

/** What of a deployment leaves the service. */
export function toDeploymentDto(deployment: DeploymentView): DeploymentDto {
  const { id, clusterId, name, image, request, priority, maxRuntimeSeconds } = deployment;
  const { queueTimeoutSeconds, maxRetries, retries, status, attempt } = deployment;
  const { normalizedImage, labels, isPreemptible, preemptions, spec } = deployment;
  const { queuedAt, scheduledAt, startedAt, endedAt, releasedAt, retryAt, message, submittedBy } = deployment;
  return {
    id,
    clusterId,
    name,
    image,
    normalizedImage,
    labels,
    preemptible: isPreemptible,
    preemptions,
    ...(spec === undefined ? {} : { spec }),
    resources: toResources(request),
    priority,
    maxRuntimeSeconds,
    queueTimeoutSeconds,
    maxRetries,
    retries,
    status,
    attempt,
    queuedAt,
    scheduledAt,
    startedAt,
    endedAt,
    releasedAt,
    retryAt,
    stopping: toStoppingDto(deployment),
    message,
    submittedBy,
  };
}

function toStoppingDto({ stopping }: DeploymentView): StoppingDto | null {
  if (stopping === null) return null;
  const { cause, outcome, since, until } = stopping;
  return { cause, outcome, since, until };
}
