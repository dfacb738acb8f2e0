import { Api, Outcome } from './generated/swagger-typescript-api.js';
import { baseUrl, must, one, person, pool } from './person.js';

const { v1, setSecurityData } = new Api<string>({
  baseUrl,
  securityWorker: (token) => (token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
});
const { data: session } = await v1.registerUser(person);
setSecurityData(session.accessToken);

const organizationId = (await v1.createOrganization({ name: 'Vision Lab' })).data.id;
const { id: clusterId, access, capacity } = (await v1.createCluster(organizationId, pool)).data;
const gpu: number = capacity.gpu;

const waiting = { headers: { prefer: 'wait=10' } };
const { data: first } = await v1.submitDeployment(organizationId, clusterId, one, waiting);
const { data: batch } = await v1.submitDeployments(organizationId, clusterId, { deployments: [one, one] });
const [second] = batch.results;

const { data: completed } = await v1.completeDeployment(organizationId, first.id, { outcome: Outcome.Succeeded });
const { data: cancelled } = await v1.cancelDeployment(organizationId, must(second?.id, 'the second'));
const { data: list } = await v1.listDeployments(organizationId, { status: ['succeeded', 'cancelled'] });
const { data: events } = await v1.listDeploymentEvents(organizationId, first.id);

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
