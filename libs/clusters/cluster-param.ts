import { IdsParam } from '#http';

import { ClusterErrors } from './clusters.errors.js';

/** Passes the cluster that a path names to a route, which answers CLUSTERS.NOT_FOUND where the actor sees none. */
export const ClusterParam = (): ParameterDecorator =>
  IdsParam({ organizationId: 'The organization.', clusterId: 'The cluster.' }, [ClusterErrors.NOT_FOUND]);
