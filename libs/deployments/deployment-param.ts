import { IdsParam } from '#http';

import { DeploymentErrors } from './deployments.errors.js';

/** A deployment of an organization. */
export interface DeploymentRef {
  readonly organizationId: string;
  readonly deploymentId: string;
}

/** Passes the deployment that a path names to a route, which answers DEPLOYMENTS.NOT_FOUND where the actor sees none. */
export const DeploymentParam = (): ParameterDecorator =>
  IdsParam({ organizationId: 'The organization.', deploymentId: 'The deployment.' }, [DeploymentErrors.NOT_FOUND]);
