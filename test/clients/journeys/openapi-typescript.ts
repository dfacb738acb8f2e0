import createClient from 'openapi-fetch';

import type { paths } from './generated/openapi-typescript.js';
import { baseUrl, must, one, person, pool } from './person.js';

const api = createClient<paths>({ baseUrl });

const session = await api.POST('/v1/auth/register', { body: person });
const { accessToken } = must(session.data, 'the session');
api.use({
  onRequest({ request }) {
    request.headers.set('authorization', `Bearer ${accessToken}`);
  },
});

const organization = await api.POST('/v1/organizations', { body: { name: 'Vision Lab' } });
const { id: organizationId } = must(organization.data, 'the organization');
const cluster = await api.POST('/v1/organizations/{organizationId}/clusters', {
  params: { path: { organizationId } },
  body: pool,
});
const { id: clusterId, access, capacity } = must(cluster.data, 'the cluster');
const gpu: number = capacity.gpu;

const submitted = await api.POST('/v1/organizations/{organizationId}/clusters/{clusterId}/deployments', {
  params: { path: { organizationId, clusterId }, header: { Prefer: 'wait=10' } },
  body: one,
});
const first = must(submitted.data, 'the deployment');
const batch = await api.POST('/v1/organizations/{organizationId}/clusters/{clusterId}/deployments/batch', {
  params: { path: { organizationId, clusterId } },
  body: { deployments: [one, one] },
});
const [second] = must(batch.data, 'the batch').results;

const completed = await api.POST('/v1/organizations/{organizationId}/deployments/{deploymentId}/complete', {
  params: { path: { organizationId, deploymentId: first.id } },
  body: { outcome: 'succeeded' },
});
const cancelled = await api.POST('/v1/organizations/{organizationId}/deployments/{deploymentId}/cancel', {
  params: { path: { organizationId, deploymentId: must(second?.id, 'the second') } },
});
const list = await api.GET('/v1/organizations/{organizationId}/deployments', {
  params: { path: { organizationId }, query: { status: ['succeeded', 'cancelled'] } },
});
const events = await api.GET('/v1/organizations/{organizationId}/deployments/{deploymentId}/events', {
  params: { path: { organizationId, deploymentId: first.id } },
});
// One answer may be a page or a stream: this client knows both types.
const page = must(events.data, 'the events');

console.log(
  JSON.stringify({
    cluster: [access, gpu],
    submitted: first.status,
    completed: completed.data?.status,
    cancelled: cancelled.data?.status,
    listed: list.data?.items.length,
    events: typeof page === 'string' ? page : page.items.map(({ to }) => to),
  }),
);
