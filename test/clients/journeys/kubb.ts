import { setConfig } from './generated/kubb/.kubb/fetch.js';
import * as api from './generated/kubb/index.js';
import { baseUrl, must, one, person, pool } from './person.js';

// Its client sends JSON without a Content-Type: see faults/.
const headers = { 'content-type': 'application/json' };
setConfig({ baseURL: baseUrl, headers });
const { accessToken } = await api.registerUser({ data: person });
setConfig({ baseURL: baseUrl, headers: { ...headers, authorization: `Bearer ${accessToken}` } });

const { id: organizationId } = await api.createOrganization({ data: { name: 'Vision Lab' } });
const { id: clusterId, access, capacity } = await api.createCluster({ organizationId, data: pool });
const gpu: number = capacity.gpu;

const where = { organizationId, clusterId };
const first = await api.submitDeployment({ ...where, data: one, headers: { Prefer: 'wait=10' } });
const [second] = (await api.submitDeployments({ ...where, data: { deployments: [one, one] } })).results;

const ofFirst = { organizationId, deploymentId: first.id };
const completed = await api.completeDeployment({ ...ofFirst, data: { outcome: 'succeeded' } });
const cancelled = await api.cancelDeployment({ organizationId, deploymentId: must(second?.id, 'the second') });
const list = await api.listDeployments({ organizationId, params: { status: ['succeeded', 'cancelled'] } });
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
