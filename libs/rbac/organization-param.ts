import { IdParam } from '#http';

/** Passes the organization that a path names to a route. */
export const OrganizationParam = (): ParameterDecorator => IdParam('organizationId', 'The organization.');
