import { createApiClient } from './generated/openapi-zod-client.js';
import { baseUrl, must, one, person, pool } from './person.js';

// axios would name a repeated parameter `status[]`.
const axiosConfig = { paramsSerializer: { indexes: null } };
const { accessToken } = await createApiClient(baseUrl).registerUser(person);
const api = createApiClient(baseUrl, {
  // axios would call an empty body a form.
  axiosConfig: {
    ...axiosConfig,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
  },
});

const { id: organizationId } = await api.createOrganization({ name: 'Vision Lab' });
const { id: clusterId, access, capacity } = await api.createCluster(pool, { params: { organizationId } });
const gpu: number = capacity.gpu;

const params = { organizationId, clusterId };
const first = await api.submitDeployment(one, { params, headers: { Prefer: 'wait=10' } });
const [second] = (await api.submitDeployments({ deployments: [one, one] }, { params })).results;

const ofFirst = { params: { organizationId, deploymentId: first.id } };
const completed = await api.completeDeployment({ outcome: 'succeeded' }, ofFirst);
const cancelled = await api.cancelDeployment(undefined, {
  params: { organizationId, deploymentId: must(second?.id, 'the second') },
});
const list = await api.listDeployments({ params: { organizationId }, queries: { status: ['succeeded', 'cancelled'] } });
const events = await api.listDeploymentEvents(ofFirst);

console.log(
  JSON.stringify({
    cluster: [access, gpu],
    submitted: first.status,
    completed: completed.status,
    cancelled: cancelled.status,
    listed: list.items.length,
    events: events.items.map(({ to }) => to),
  }),
);
