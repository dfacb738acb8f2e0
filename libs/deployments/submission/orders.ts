import { type DomainError, type ResourceVector, type ShapeKey, shapeText } from '#kernel';
import { type AdmittingCluster, toResources } from '#clusters';
import { type ShapeChange } from '#queue';
import { type Actor } from '#rbac';

import { DeploymentErrors } from '../deployments.errors.js';
import { isImageFault, readImageReference } from '../fields/image-reference.js';
import { type Labels } from '../fields/labels.js';
import { type Granted, withinLimits } from './role-limits.js';

/** What a refused order of a batch does to the others: `abort` queues none, `continue` queues them. */
export const ON_ERROR = ['abort', 'continue'] as const;

export type OnError = (typeof ON_ERROR)[number];

/** A deployment as it is requested. */
export interface DeploymentOrder {
  /** null: a name is made from the image */
  readonly name: string | null;
  readonly image: string;
  readonly request: ResourceVector;
  /** null: the cluster's default */
  readonly priority: number | null;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
  /** null: no limit */
  readonly queueTimeoutSeconds: number | null;
  readonly maxRetries: number;
  readonly labels: Labels;
  /** null: the cluster's policy decides by the priority */
  readonly isPreemptible: boolean | null;
  readonly spec: object | null;
}

/** An order with the defaults of the cluster filled in. */
export type GrantedOrder = Omit<DeploymentOrder, keyof Granted> & Granted;

/**
 * Checks an order, and fills in the defaults of a cluster.
 *
 * @throws what {@link checkOrder} and {@link withinLimits} throw, with pointers below `at`
 */
export function grant(order: DeploymentOrder, cluster: AdmittingCluster, actor: Actor, at = ''): GrantedOrder {
  checkOrder(order, cluster, at);
  return { ...order, ...withinLimits(order, cluster.policy, actor, at) };
}

/**
 * Refuses an order that could never run: an invalid image, an empty request, a request that exceeds the whole cluster.
 *
 * @throws DEPLOYMENTS.INVALID_IMAGE, DEPLOYMENTS.EMPTY_REQUEST, DEPLOYMENTS.EXCEEDS_CAPACITY, with pointers below `at`
 */
function checkOrder(order: DeploymentOrder, cluster: AdmittingCluster, at = ''): void {
  const { image, request } = order;
  const read = readImageReference(image);
  if (isImageFault(read)) {
    const message = `${read.message} (character ${read.at})`;
    throw DeploymentErrors.INVALID_IMAGE.because(undefined, {}, [
      { pointer: `#${at}/image`, code: 'invalid-image', message },
    ]);
  }
  if (request.isZero()) {
    throw DeploymentErrors.EMPTY_REQUEST.because(undefined, {}, [
      { pointer: `#${at}/resources`, code: 'empty', message: 'must ask for some CPU, memory or GPU' },
    ]);
  }
  if (!request.fitsIn(cluster.grantable)) throw exceeds(request, cluster, at);
}

function exceeds(request: ResourceVector, { id, grantable }: AdmittingCluster, at: string): DomainError {
  const facts = {
    clusterId: id,
    needed: toResources(request),
    capacity: toResources(grantable),
    missing: toResources(request.shortfallIn(grantable)),
  };
  return DeploymentErrors.EXCEEDS_CAPACITY.because(undefined, facts, [
    { pointer: `#${at}/resources`, code: 'exceeds-capacity', message: 'needs more than the whole cluster has' },
  ]);
}

/** The refusal of an order whose name another deployment has, with a pointer below `at`. */
export function nameTaken({ name }: Pick<DeploymentOrder, 'name'>, at: string): DomainError {
  return DeploymentErrors.NAME_TAKEN.because(undefined, { name }, [
    { pointer: `#${at}/name`, code: 'name-taken', message: 'is the name of another deployment of the cluster' },
  ]);
}

/** The part of a deployment that makes its shape. */
type Shaped = Pick<GrantedOrder, 'priority' | 'request' | 'maxRuntimeSeconds'>;

export function shapeOfOrder({ priority, request, maxRuntimeSeconds }: Shaped): ShapeKey {
  return { ...request.toAmounts(), priority, maxRuntimeSeconds };
}

/** The changes of the queue by shape: arrivals, or with -1 departures. */
export function shapeChanges(deployments: readonly Shaped[], sign: 1 | -1): ShapeChange[] {
  const changes = new Map<string, ShapeChange>();
  for (const deployment of deployments) {
    const shape = shapeOfOrder(deployment);
    const key = shapeText(shape);
    changes.set(key, { ...shape, change: (changes.get(key)?.change ?? 0) + sign });
  }
  return [...changes.values()];
}
