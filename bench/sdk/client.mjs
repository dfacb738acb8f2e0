// One run of the SDK for TypeScript: submits COUNT deployments, follows their events, and reports the end of each. Prints its seconds.
import { BEGINNING, Stowage } from '#sdk';

const { STOWAGE_URL: baseUrl, STOWAGE_TOKEN: token, ORGANIZATION, CLUSTER, COUNT, MODE, CONNECTIONS } = process.env;
const stowage = new Stowage({ baseUrl, token });
const path = { organizationId: ORGANIZATION, clusterId: CLUSTER };
const count = Number(COUNT);
const ONE = { image: 'registry.example.com/app:1', resources: { cpu: 1, memoryMib: 256 } };
const REPORTS = 100;

/** Does something for each number below the count, as many at a time as there are connections. */
async function atOnce(work) {
  let next = 0;
  const one = async () => {
    while (next++ < count) await work();
  };
  await Promise.all(Array.from({ length: Number(CONNECTIONS) }, one));
}

const scheduled = [];
const waiting = [];

/** The next deployment that is scheduled. */
const nextScheduled = () => (scheduled.length > 0 ? scheduled.shift() : new Promise((done) => waiting.push(done)));

async function follow() {
  let seen = 0;
  const options = { clusterId: CLUSTER, status: ['scheduled'], lastEventId: BEGINNING };
  for await (const { deploymentId } of stowage.follow(ORGANIZATION, options)) {
    const waiter = waiting.shift();
    if (waiter === undefined) scheduled.push(deploymentId);
    else waiter(deploymentId);
    if (++seen === count) return;
  }
}

async function singly() {
  const submitting = atOnce(() => stowage.submitDeployment({ path, body: ONE }));
  const reporting = atOnce(async () => {
    const deploymentId = await nextScheduled();
    await stowage.completeDeployment({
      path: { organizationId: ORGANIZATION, deploymentId },
      body: { outcome: 'succeeded' },
    });
  });
  await Promise.all([submitting, reporting]);
}

async function inBatches() {
  await stowage.submitDeployments({ path, body: { deployments: Array.from({ length: count }, () => ONE) } });
  for (let reported = 0; reported < count; reported += REPORTS) {
    const reports = [];
    while (reports.length < Math.min(REPORTS, count - reported))
      reports.push({ id: await nextScheduled(), outcome: 'succeeded' });
    await stowage.completeDeployments({ path, body: { reports } });
  }
}

const began = performance.now();
await Promise.all([follow(), MODE === 'batches' ? inBatches() : singly()]);
process.stdout.write(`${(performance.now() - began) / 1000}\n`);
process.exit(0);
