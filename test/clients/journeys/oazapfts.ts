import { ok } from '@oazapfts/runtime';

import * as api from './generated/oazapfts.js';
import { baseUrl, must, one, person, pool } from './person.js';

api.defaults.baseUrl = baseUrl;
const { accessToken } = await ok(api.registerUser(person));
api.defaults.headers = { authorization: `Bearer ${accessToken}` };

const { id: organizationId } = await ok(api.createOrganization({ name: 'Vision Lab' }));
const { id: clusterId, access, capacity } = await ok(api.createCluster(organizationId, pool));
const gpu: number = capacity.gpu;

const first = await ok(api.submitDeployment(organizationId, clusterId, one, { prefer: 'wait=10' }));
const [second] = (await ok(api.submitDeployments(organizationId, clusterId, { deployments: [one, one] }))).results;

const completed = await ok(api.completeDeployment(organizationId, first.id, { outcome: 'succeeded' }));
const cancelled = await ok(api.cancelDeployment(organizationId, must(second?.id, 'the second')));
const list = await ok(api.listDeployments(organizationId, { status: ['succeeded', 'cancelled'] }));
const events = await ok(api.listDeploymentEvents(organizationId, first.id));

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
