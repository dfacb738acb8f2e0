import { defineErrors } from '#http';

import { type DeploymentStatus } from './states/deployment-status.js';

/** Errors of deployments. */
export const DeploymentErrors = defineErrors('DEPLOYMENTS', {
  NOT_FOUND: {
    kind: 'not-found',
    title: 'Deployment not found',
    explanation: 'No deployment with this id exists in the organization, or it is not visible to you.',
  },
  EXCEEDS_CAPACITY: {
    kind: 'unprocessable',
    title: 'Request exceeds the cluster',
    explanation:
      'The request needs more of a resource than the whole cluster has, and could never start. `needed`, `capacity` and `missing` give the numbers.',
  },
  EMPTY_REQUEST: {
    kind: 'invalid',
    title: 'Request is empty',
    explanation: 'A deployment must ask for some CPU, memory or GPU: at least one of them must be more than zero.',
  },
  CLUSTER_DRAINING: {
    kind: 'conflict',
    title: 'Cluster is draining',
    explanation: 'The cluster accepts no new deployments. Submit to another one.',
  },
  QUEUE_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many queued deployments',
    explanation:
      'The queues of the organization would exceed their limit: `limit` is the most queued deployments, `queued` the present number. Submit again when some have started, or ask an operator for a higher limit.',
  },
  CLUSTER_DELETED: {
    kind: 'conflict',
    title: 'Cluster was deleted',
    explanation:
      'The cluster was deleted and accepts no new deployments. Its deployments stay readable. Submit to another one.',
  },
  INVALID_IMAGE: {
    kind: 'invalid',
    title: 'Invalid image reference',
    explanation:
      'The image is not a reference by the grammar of the OCI distribution specification: `[host[:port]/]path[:tag][@algorithm:hex]`, path in lower case. `errors` names the character at which it goes wrong, and why.',
  },
  PRIORITY_ABOVE_LIMIT: {
    kind: 'forbidden',
    title: 'Priority above the limit',
    explanation:
      "The cluster's policy does not give such a priority to your role. `limit` is the highest one that it gives; without a priority, the cluster's default is taken.",
  },
  RUNTIME_ABOVE_LIMIT: {
    kind: 'forbidden',
    title: 'Runtime above the limit',
    explanation:
      "The cluster's policy does not let your role run anything for so long. `limit` is the longest `maxRuntimeSeconds`; without one, the cluster's default is taken.",
  },
  STREAM_LIMIT_REACHED: {
    kind: 'unprocessable',
    title: 'Too many lines',
    explanation:
      'A batch of lines has at most 100,000 lines, of which fewer than 10,000 are refused. Deployments that were accepted stay queued. Send the rest, corrected, as another batch.',
  },
  NAME_TAKEN: {
    kind: 'conflict',
    title: 'Name is taken',
    explanation:
      'A deployment of the cluster that has not ended has this name, or another one of the same batch. Choose another name, or omit it: then one is generated.',
  },
  INVALID_STATE: {
    kind: 'conflict',
    title: 'Not possible in this state',
    explanation:
      'The status of the deployment does not allow this. `deploymentStatus` and `attempt` are its present ones.',
  },
  STALE_ATTEMPT: {
    kind: 'conflict',
    title: 'Report of another attempt',
    explanation: 'The report names an attempt that is not the present one. `attempt` is the present one.',
  },
});

/**
 * @param rule what is possible instead, as a sentence, where the status does not say it by itself
 * @throws DEPLOYMENTS.INVALID_STATE when a deployment has none of the statuses
 */
export function requireStatus(
  { status, attempt }: { readonly status: DeploymentStatus; readonly attempt: number },
  allowed: readonly DeploymentStatus[],
  rule?: string,
): void {
  if (allowed.includes(status)) return;
  const detail = [describeStatus(status, attempt), ...(rule === undefined ? [] : [rule])].join(' ');
  throw DeploymentErrors.INVALID_STATE.because(detail, { deploymentStatus: status, attempt });
}

/** The status of a deployment as a sentence. */
export function describeStatus(status: string, attempt: number): string {
  return `The deployment is ${status}, in attempt ${attempt}.`;
}
