import * as api from './generated/orval.js';
import { must, one, person, pool } from './person.js';

const session = await api.registerUser(person);
if (session.status !== 201) throw new Error(session.data.detail);
const signedIn = { headers: { authorization: `Bearer ${session.data.accessToken}` } };

const organization = await api.createOrganization({ name: 'Vision Lab' }, signedIn);
if (organization.status !== 201) throw new Error(organization.data.detail);
const { id: organizationId } = organization.data;
const cluster = await api.createCluster(organizationId, pool, signedIn);
if (cluster.status !== 201) throw new Error(cluster.data.detail);
const { id: clusterId, access, capacity } = cluster.data;
const gpu: number = capacity.gpu;

const submitted = await api.submitDeployment(organizationId, clusterId, one, {
  headers: { ...signedIn.headers, prefer: 'wait=10' },
});
if (submitted.status !== 201) throw new Error(submitted.data.detail);
const first = submitted.data;
const batch = await api.submitDeployments(organizationId, clusterId, { deployments: [one, one] }, signedIn);
if (batch.status !== 201) throw new Error(batch.data.detail);
const [second] = batch.data.results;

const completed = await api.completeDeployment(organizationId, first.id, { outcome: 'succeeded' }, signedIn);
if (completed.status !== 200) throw new Error(completed.data.detail);
const cancelled = await api.cancelDeployment(organizationId, must(second?.id, 'the second'), signedIn);
if (cancelled.status !== 200) throw new Error(cancelled.data.detail);
const list = await api.listDeployments(organizationId, { status: ['succeeded', 'cancelled'] }, signedIn);
if (list.status !== 200) throw new Error(list.data.detail);
const events = await api.listDeploymentEvents(organizationId, first.id, {}, signedIn);
if (events.status !== 200) throw new Error(events.data.detail);
// One answer may be a page or a stream: this client knows both types.
const page = events.data;

console.log(
  JSON.stringify({
    cluster: [access, gpu],
    submitted: first.status,
    completed: completed.data.status,
    cancelled: cancelled.data.status,
    listed: list.data.items.length,
    events: typeof page === 'string' ? page : page.items.map(({ to }) => to),
  }),
);
