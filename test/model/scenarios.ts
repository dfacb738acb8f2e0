import { expect } from '@jest/globals';

import { type DeploymentBody, TestCluster } from '../support/clusters.js';
import { type Team } from '../support/people.js';
import { eventually } from '../support/wait.js';
import { type Model } from './model.js';

/** The machine is busy with the other clients meanwhile. */
const PATIENCE_MS = 40_000;

const FOUR = { cpu: 4, memoryMib: 100, gpu: 1 };
const cpu = (cores: number): Record<string, unknown> => ({ resources: { cpu: cores, memoryMib: 1 } });

async function becomes(cluster: TestCluster, id: string, status: string): Promise<DeploymentBody> {
  return eventually(
    () => cluster.deployment(id),
    (deployment) => deployment.status === status,
    PATIENCE_MS,
  );
}

async function submitted(model: Model, cluster: TestCluster, request: Record<string, unknown>): Promise<string> {
  const answer = await model.submit(cluster, request);
  expect(answer.status).toBe(201);
  return answer.body.id;
}

async function released(cluster: TestCluster): Promise<void> {
  await eventually(
    () => cluster.read(),
    ({ allocated }) => allocated.cpu === 0,
    PATIENCE_MS,
  );
}

/**
 * Performs every operation with success, and every refusable one with a refusal, in states that no other client disturbs: on clusters of
 * their own, in the same installation and at the same time. With them, no seed can leave an outcome out.
 */
export async function playScenarios(model: Model, team: Team): Promise<void> {
  const scenarios = [
    work,
    race,
    swap,
    timeout,
    expiry,
    retry,
    overtaking,
    pending,
    states,
    edits,
    stops,
    graces,
    precedence,
    claims,
  ];
  await Promise.all(scenarios.map(async (scenario) => scenario(model, await TestCluster.create(team, FOUR))));
}

/** One runs, two wait; reports, cancellations and sizes, each allowed and refused. */
async function work(model: Model, cluster: TestCluster): Promise<void> {
  const first = await submitted(model, cluster, cpu(4));
  await becomes(cluster, first, 'scheduled');
  expect((await model.submit(cluster, cpu(5))).status).toBe(422);
  expect((await model.submitMany(cluster, [cpu(1), cpu(5)])).status).toBe(422);
  const many = await model.submitMany(cluster, [cpu(2), cpu(2)]);
  expect(many.status).toBe(201);
  const [second = '', third = ''] = many.body.results.map(({ id }) => id ?? '');
  // No deployment can start before the cluster grows.
  for (const refused of [model.start(second), model.complete(second), model.fail(second)]) {
    expect((await refused).status).toBe(409);
  }
  expect((await model.cancel(third)).status).toBe(200);
  expect((await model.reportStale(first)).status).toBe(409);
  expect((await model.start(first)).status).toBe(200);
  expect((await model.resize('shrink', cluster, { ...FOUR, cpu: 2 })).status).toBe(409);
  expect((await model.resize('grow', cluster, { ...FOUR, cpu: 8, memoryMib: 0 })).status).toBe(409);
  expect((await model.resize('grow', cluster, { ...FOUR, cpu: 8 })).status).toBe(200);
  await becomes(cluster, second, 'scheduled');
  expect((await model.fail(second)).status).toBe(200);
  expect((await model.complete(first)).status).toBe(200);
  expect((await model.cancel(first)).status).toBe(409);
  await released(cluster);
  expect((await model.resize('shrink', cluster, { ...FOUR, cpu: 2 })).status).toBe(200);
}

/** Of two concurrent reports of an end, one is accepted and the other is refused with its outcome. */
async function race(model: Model, cluster: TestCluster): Promise<void> {
  const id = await submitted(model, cluster, cpu(1));
  await becomes(cluster, id, 'scheduled');
  const answers = await Promise.all([model.complete(id), model.cancel(id)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
}

/** A pass that releases one deployment starts the other. */
async function swap(model: Model, cluster: TestCluster): Promise<void> {
  const first = await submitted(model, cluster, cpu(4));
  await becomes(cluster, first, 'scheduled');
  const second = await submitted(model, cluster, cpu(4));
  expect((await model.complete(first)).status).toBe(200);
  await becomes(cluster, second, 'scheduled');
  const passes = await cluster.passes();
  expect(passes.filter(({ placed, released: back }) => placed === 1 && back === 1)).toHaveLength(1);
}

/** A pass ends a deployment that runs longer than declared. */
async function timeout(model: Model, cluster: TestCluster): Promise<void> {
  const id = await submitted(model, cluster, { ...cpu(1), maxRuntimeSeconds: 1 });
  await becomes(cluster, id, 'timed_out');
  expect((await model.complete(id)).status).toBe(409);
}

/** A pass expires a deployment that waits longer than its queue timeout. */
async function expiry(model: Model, cluster: TestCluster): Promise<void> {
  const first = await submitted(model, cluster, cpu(4));
  await becomes(cluster, first, 'scheduled');
  const second = await submitted(model, cluster, { ...cpu(1), queueTimeoutSeconds: 1 });
  await becomes(cluster, second, 'expired');
  expect((await model.cancel(second)).status).toBe(409);
}

/** A failed deployment with a retry left starts again, with a new allocation; a late report of the first attempt is refused. */
async function retry(model: Model, cluster: TestCluster): Promise<void> {
  const id = await submitted(model, cluster, { ...cpu(4), maxRetries: 1 });
  await becomes(cluster, id, 'scheduled');
  expect((await model.fail(id)).body.status).toBe('retrying');
  await eventually(
    () => cluster.deployment(id),
    ({ status, attempt }) => status === 'scheduled' && attempt === 2,
    PATIENCE_MS,
  );
  expect((await model.complete(id)).status).toBe(409);
  expect((await model.fail(id, 2)).body.status).toBe('failed');
}

/** A deployment whose start was reported in time: on a busy machine a declared runtime may end before that. */
async function started(model: Model, cluster: TestCluster, request: Record<string, unknown>): Promise<string> {
  for (;;) {
    const id = await submitted(model, cluster, request);
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status !== 'queued',
      PATIENCE_MS,
    );
    if ((await model.start(id)).status === 200) return id;
  }
}

/** A stopping deployment ends with its runtime's report, with the decided outcome. */
async function stops(model: Model, cluster: TestCluster): Promise<void> {
  await model.grant(cluster, 86_400);
  const cancelled = await started(model, cluster, cpu(1));
  expect((await model.cancel(cancelled)).body.status).toBe('stopping');
  expect((await model.cancel(cancelled)).body.status).toBe('stopping');
  expect((await cluster.read()).allocated.cpu).toBe(1);
  expect((await model.fail(cancelled)).body.status).toBe('cancelled');
  expect((await model.complete(cancelled)).status).toBe(409);
  const late = await started(model, cluster, { ...cpu(1), maxRuntimeSeconds: 2 });
  await becomes(cluster, late, 'stopping');
  expect((await model.complete(late)).body.status).toBe('timed_out');
  await released(cluster);
}

/** A deployment that does not stop in time ends without a report. */
async function graces(model: Model, cluster: TestCluster): Promise<void> {
  await model.grant(cluster, 1);
  const cancelled = await started(model, cluster, cpu(1));
  const late = await started(model, cluster, { ...cpu(1), maxRuntimeSeconds: 2 });
  expect((await model.cancel(cancelled)).body.status).toBe('stopping');
  await becomes(cluster, cancelled, 'cancelled');
  await becomes(cluster, late, 'timed_out');
  expect((await model.complete(late)).status).toBe(409);
  await released(cluster);
}

/** A higher priority preempts the deployment that has run shortest, which starts again as another attempt when it fits. */
async function precedence(model: Model, cluster: TestCluster): Promise<void> {
  await model.letPreempt(cluster, 1);
  const low = { priority: 10, preemptible: true };
  const first = await submitted(model, cluster, { ...cpu(4), ...low });
  await becomes(cluster, first, 'scheduled');
  const urgent = await submitted(model, cluster, { ...cpu(4), priority: 90 });
  await becomes(cluster, urgent, 'scheduled');
  expect((await cluster.deployment(first)).status).toBe('queued');
  expect((await model.complete(first)).status).toBe(409);
  expect((await model.complete(urgent)).status).toBe(200);
  await becomes(cluster, first, 'scheduled');
  // One preemption is the limit.
  const second = await submitted(model, cluster, { ...cpu(4), priority: 90 });
  await becomes(cluster, second, 'queued');
  expect((await model.complete(first, 2)).status).toBe(200);
  await becomes(cluster, second, 'scheduled');
  expect((await model.complete(second)).status).toBe(200);
  await released(cluster);
}

/** A victim may need time to stop: until then its preemptor waits, nominated, and either may be cancelled. */
async function claims(model: Model, cluster: TestCluster): Promise<void> {
  await model.grant(cluster, 86_400);
  await model.letPreempt(cluster, 1);
  const low = { ...cpu(2), priority: 10, preemptible: true };
  const [first, second] = [await started(model, cluster, low), await started(model, cluster, low)];
  const urgent: string[] = [];
  for (const stopping of [1, 2]) {
    urgent.push(await submitted(model, cluster, { ...cpu(2), priority: 90 }));
    await eventually(
      () => Promise.all([first, second].map((id) => cluster.deployment(id))),
      (both) => both.filter(({ status }) => status === 'stopping').length === stopping,
      PATIENCE_MS,
    );
  }
  const [earlier = '', later = ''] = urgent;
  expect((await model.start(earlier)).status).toBe(409);

  // 1. One victim has stopped: the older of its preemptors starts, and the victim waits.
  expect((await model.fail(first)).body.status).toBe('stopping');
  await becomes(cluster, earlier, 'scheduled');
  expect(await cluster.deployment(first)).toMatchObject({ status: 'queued', attempt: 2 });
  expect((await cluster.deployment(later)).status).toBe('queued');

  // 2. The other victim and its preemptor are cancelled: the freed resources go to the first victim.
  expect((await model.cancel(second)).body.status).toBe('stopping');
  expect((await model.cancel(later)).body.status).toBe('cancelled');
  expect((await cluster.read()).allocated.cpu).toBe(4);
  expect((await model.fail(second)).body.status).toBe('cancelled');
  await becomes(cluster, first, 'scheduled');

  // 3. One preemption is the limit: it stays when a higher priority arrives, which starts when it ends.
  const last = await submitted(model, cluster, { ...cpu(4), priority: 90 });
  expect((await model.start(first)).status).toBe(200);
  expect((await model.complete(earlier)).status).toBe(200);
  expect((await model.complete(first, 2)).body.status).toBe('succeeded');
  await becomes(cluster, last, 'scheduled');
  expect((await model.complete(last)).status).toBe(200);
  await released(cluster);
}

/** A deployment whose priority is raised starts before older ones. */
async function overtaking(model: Model, cluster: TestCluster): Promise<void> {
  const first = await submitted(model, cluster, cpu(4));
  await becomes(cluster, first, 'scheduled');
  const second = await submitted(model, cluster, cpu(4));
  const third = await submitted(model, cluster, cpu(4));
  expect((await model.reprioritize(third, 90)).status).toBe(200);
  expect((await model.reprioritize(first, 90)).status).toBe(409);
  expect((await model.complete(first)).status).toBe(200);
  await becomes(cluster, third, 'scheduled');
  expect((await cluster.deployment(second)).status).toBe('queued');
}

/** A smaller capacity is applied once the allocations fit it. */
async function pending(model: Model, cluster: TestCluster): Promise<void> {
  const id = await submitted(model, cluster, cpu(4));
  await becomes(cluster, id, 'scheduled');
  expect((await model.resize('shrink-when-free', cluster, { ...FOUR, cpu: 2 })).status).toBe(200);
  expect((await cluster.read()).capacity.cpu).toBe(4);
  expect((await model.complete(id)).status).toBe(200);
  await eventually(
    () => cluster.read(),
    ({ capacity }) => capacity.cpu === 2,
    PATIENCE_MS,
  );
}

/** A cordoned cluster queues submissions; a draining one refuses them. */
async function states(model: Model, cluster: TestCluster): Promise<void> {
  expect((await model.turn('cordon', cluster)).status).toBe(200);
  const id = await submitted(model, cluster, cpu(1));
  expect((await model.turn('drain', cluster)).status).toBe(200);
  expect((await model.submit(cluster, cpu(1))).status).toBe(409);
  expect((await model.submitMany(cluster, [cpu(1)])).status).toBe(409);
  expect((await cluster.deployment(id)).status).toBe('queued');
  expect((await model.turn('uncordon', cluster)).status).toBe(200);
  await becomes(cluster, id, 'scheduled');
}

/** An edit with an outdated version is refused. */
async function edits(model: Model, cluster: TestCluster): Promise<void> {
  const { headers } = await cluster.team.admin.get(cluster.path);
  const version = headers.get('etag') ?? '';
  expect((await model.edit(cluster, version)).status).toBe(200);
  expect((await model.edit(cluster, version)).status).toBe(412);
}
