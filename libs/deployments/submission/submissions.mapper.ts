import { type DomainError } from '#kernel';
import { toVector } from '#clusters';
import { InvalidItem, invalidInput, type Turns } from '#http';
import { type Actor } from '#rbac';

import { type DeploymentOrder } from './orders.js';
import { type SubmitBatchDto, type SubmitDeploymentDto } from './submissions.dto.js';

/** An order in stored units. */
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

/**
 * The items of a batch, made when it is the actor's turn: an order each, or the reason why an item is invalid whatever the cluster is.
 *
 * @throws REQUEST.INVALID where one refused item refuses all
 */
export async function toOrders(
  turns: Turns,
  { accountId }: Pick<Actor, 'accountId'>,
  { deployments, onError }: SubmitBatchDto,
): Promise<(DeploymentOrder | DomainError)[]> {
  const invalid = onError === 'abort' ? deployments.filter((item) => item instanceof InvalidItem) : [];
  if (invalid.length > 0) throw invalidInput(invalid.flatMap(({ errors }) => errors));
  return turns.map(accountId, deployments, (item) =>
    item instanceof InvalidItem ? invalidInput(item.errors) : toOrder(item),
  );
}
