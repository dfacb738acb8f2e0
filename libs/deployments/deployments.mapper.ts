import { DomainError } from '#kernel';
import { toResources, toVector } from '#clusters';
import { currentRequest, InvalidItem, invalidInput, type ProblemDto, problemOf, withEntityTag } from '#http';

import { type DeploymentView } from './deployment-view.js';
import { type BatchDto } from './submission/batches.dto.js';
import { type DeploymentDto, type EditDeploymentDto, type StoppingDto } from './deployments.dto.js';
import { type CompleteDeploymentDto } from './lifecycle/reports.dto.js';
import { type SubmitBatchDto, type SubmitDeploymentDto } from './submission/submissions.dto.js';
import { type DeploymentEdit } from './editing/edits.service.js';
import { type Report, type ReportResult } from './lifecycle/reports.js';
import { type DeploymentOrder } from './submission/submission.js';

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

/** What somebody asks for, in stored units. */
export function toOrder(submitted: SubmitDeploymentDto): DeploymentOrder {
  const { name, image, resources, priority, maxRuntimeSeconds, queueTimeoutSeconds, maxRetries } = submitted;
  const { labels, preemptible, spec } = submitted;
  return {
    name: name ?? null,
    image,
    request: toVector(resources),
    priority: priority ?? null,
    maxRuntimeSeconds: maxRuntimeSeconds ?? null,
    queueTimeoutSeconds: queueTimeoutSeconds ?? null,
    maxRetries,
    labels,
    isPreemptible: preemptible ?? null,
    spec: spec ?? null,
  };
}

/** What is to be edited: only what was sent. */
export function toEdit({ priority, labels, queueTimeoutSeconds, preemptible }: EditDeploymentDto): DeploymentEdit {
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(labels === undefined ? {} : { labels }),
    ...(queueTimeoutSeconds === undefined ? {} : { queueTimeoutSeconds }),
    ...(preemptible === undefined ? {} : { isPreemptible: preemptible }),
  };
}

/**
 * The items of a batch: what somebody asks for, or why an item is refused before anybody looks at the cluster.
 *
 * @throws REQUEST.INVALID where one refused item refuses all
 */
export function toOrders({ deployments, onError }: SubmitBatchDto): (DeploymentOrder | DomainError)[] {
  const invalid = onError === 'abort' ? deployments.filter((item) => item instanceof InvalidItem) : [];
  if (invalid.length > 0) throw invalidInput(invalid.flatMap(({ errors }) => errors));
  return deployments.map((item) => (item instanceof InvalidItem ? invalidInput(item.errors) : toOrder(item)));
}

/** What a runtime says. */
export function toReport(id: string, { outcome, attempt, message }: CompleteDeploymentDto): Report {
  return { id, outcome, attempt: attempt ?? null, message: message ?? null };
}

/** What became of the items of a batch. */
export function toBatchDto(results: readonly ReportResult[]): BatchDto {
  const requestId = currentRequest()?.requestId ?? '';
  return {
    results: results.map((result, index) =>
      result instanceof DomainError ? { index, problem: problemItem(result, requestId) } : { index, id: result.id },
    ),
  };
}

function problemItem(error: DomainError, requestId: string): ProblemDto {
  return problemOf(error, requestId).body;
}
