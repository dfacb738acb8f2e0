import { beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { type DeploymentBody, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aMember, aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

type Shown = DeploymentBody & {
  labels: Record<string, string>;
  queueTimeoutSeconds: number | null;
  code?: string;
  deploymentStatus?: string;
};

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('edits of a queued deployment', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
  });

  const edit = (
    id: string,
    body: unknown,
    headers: Record<string, string> = {},
    by = team.developer,
  ): Promise<Answer<Shown>> => by.patch<Shown>(cluster.deploymentPath(id), body, { headers });

  const tagOf = async (id: string): Promise<string> =>
    (await team.viewer.get(cluster.deploymentPath(id))).headers.get('etag') ?? '';

  const query = <Row extends Record<string, unknown>>(text: string, values: unknown[]): Promise<Row[]> =>
    withClient(stowage.database.url, async (client) => (await client.query<Row>(text, values)).rows);

  const levels = async (where = cluster): Promise<unknown> =>
    ((await where.read()) as unknown as { queue: { byPriority: unknown } }).queue.byPriority;

  it('changes priority, labels and queue timeout, and keeps the age', async () => {
    const id = await cluster.submit({ labels: { team: 'vision', env: 'test' } });
    const before = await cluster.deployment(id);
    const answer = await edit(id, { priority: 80, labels: { team: 'speech' }, queueTimeoutSeconds: 3_600 });
    expect(answer).toMatchObject({
      status: 200,
      body: { priority: 80, labels: { team: 'speech' }, queueTimeoutSeconds: 3_600, queuedAt: before.queuedAt },
    });
    expect(answer.headers.get('etag')).toBe(await tagOf(id));
    expect((await edit(id, { queueTimeoutSeconds: null, preemptible: true })).body).toMatchObject({
      priority: 80,
      queueTimeoutSeconds: null,
      preemptible: true,
    });
    expect(
      await query(
        `select from_status, to_status, cause, actor_id from deployment_events where deployment_id = $1 order by sequence`,
        [id],
      ),
    ).toEqual([
      { from_status: null, to_status: 'queued', cause: 'submitted', actor_id: team.developer.id },
      { from_status: 'queued', to_status: 'queued', cause: 'edited', actor_id: team.developer.id },
      { from_status: 'queued', to_status: 'queued', cause: 'edited', actor_id: team.developer.id },
    ]);
    await cluster.cancel(id);
  });

  it('writes nothing for an edit without a change', async () => {
    const id = await cluster.submit({ priority: 60, labels: { a: '1', b: '2' }, queueTimeoutSeconds: 600 });
    const tag = await tagOf(id);
    const same = [
      { priority: 60 },
      { labels: { b: '2', a: '1' } },
      { queueTimeoutSeconds: 600 },
      { preemptible: false },
    ];
    for (const body of [{}, ...same]) {
      const answer = await edit(id, body, { 'if-match': tag });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('etag')).toBe(tag);
    }
    await cluster.cancel(id);
  });

  it('moves the deployment between priority levels exactly, also during passes', async () => {
    const ids = await cluster.submitBatch(Array.from({ length: 20 }, () => ({ priority: 10 })));
    await Promise.all(ids.map((id, index) => edit(id, { priority: 20 + (index % 2) })));
    await Promise.all(ids.slice(0, 10).map((id) => edit(id, { priority: 22 })));
    expect(await levels()).toEqual([
      { priority: 22, queued: 10 },
      { priority: 21, queued: 5 },
      { priority: 20, queued: 5 },
    ]);
    const done = await team.developer.post(`${cluster.path}/deployments/cancel`, { filter: { maxPriority: 22 } });
    expect(done.body).toMatchObject({ matched: 20, notOwned: 0, cancelled: 20 });
    expect(await levels()).toEqual([]);
  });

  it('starts the deployment by the new priority', async () => {
    const small = await TestCluster.create(team, { cpu: 1 });
    await small.cordon();
    const [first, second] = await small.submitBatch([{ priority: 50 }, { priority: 40 }]);
    await edit(second ?? '', { priority: 51 });
    await small.uncordon();
    await eventually(
      () => small.deployment(second ?? ''),
      ({ status }) => status === 'scheduled',
    );
    expect((await small.deployment(first ?? '')).status).toBe('queued');
  });

  it('refuses an edit with a stale version', async () => {
    const id = await cluster.submit();
    const tag = await tagOf(id);
    expect((await edit(id, { priority: 61 }, { 'if-match': tag })).status).toBe(200);
    expect(await edit(id, { priority: 62 }, { 'if-match': tag })).toMatchObject({
      status: 412,
      body: { code: 'REQUEST.PRECONDITION_FAILED' },
    });
    expect((await edit(id, { priority: 63 }, { 'if-match': 'nonsense' })).status).toBe(400);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => edit(id, { priority: index }, { 'if-match': await tagOf(id) })),
    );
    const changed = answers.filter(({ status }) => status === 200).length;
    expect(changed).toBeGreaterThan(0);
    expect(answers.every(({ status }) => [200, 412].includes(status))).toBe(true);
    await cluster.cancel(id);
  });

  it('permits edits to the submitter and to admins only', async () => {
    const id = await cluster.submit();
    const colleague = await aMember(team);
    expect(await edit(id, { priority: 1 }, {}, colleague)).toMatchObject({ status: 403 });
    expect((await edit(id, { priority: 1 }, {}, team.admin)).status).toBe(200);
    await cluster.cancel(id);
  });

  it('refuses an edit of a deployment that is not queued, with the present status', async () => {
    const id = await cluster.submit();
    const tag = await tagOf(id);
    await cluster.cancel(id);
    expect(await edit(id, { priority: 1 }, { 'if-match': tag })).toMatchObject({
      status: 409,
      body: {
        code: 'DEPLOYMENTS.INVALID_STATE',
        detail: 'The deployment is cancelled, in attempt 1. Only a queued deployment can be edited.',
        deploymentStatus: 'cancelled',
        attempt: 1,
      },
    });
  });

  it('counts a new queue timeout from when the attempt was queued', async () => {
    const id = await cluster.submit();
    await query(`update deployment_events set at = at - interval '1 hour' where deployment_id = $1`, [id]);
    await edit(id, { queueTimeoutSeconds: 3_700 });
    const [row] = await query<{ left: number }>(
      `select extract(epoch from due_at - statement_timestamp())::float8 as left from deployments where id = $1`,
      [id],
    );
    expect(row?.left).toBeLessThanOrEqual(100);
    await edit(id, { queueTimeoutSeconds: 60 });
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'expired',
    );
  });

  it('keeps the expiry when other fields are edited', async () => {
    const id = await cluster.submit({ queueTimeoutSeconds: 600 });
    const due = `select due_at = '2100-01-01' as same from deployments where id = $1`;
    await query(`update deployments set due_at = '2100-01-01' where id = $1`, [id]);
    await edit(id, { priority: 99, queueTimeoutSeconds: 600 });
    expect(await query(due, [id])).toEqual([{ same: true }]);
    await cluster.cancel(id);
  });

  it('applies either an edit or a placement at a time, and keeps the counts right', async () => {
    const busy = await TestCluster.create(team, { cpu: 100 });
    const ids = await busy.submitBatch(Array.from({ length: 60 }, () => ({})));
    const answers = await Promise.all(ids.map((id, index) => edit(id, { priority: index })));
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    await eventually(busy.read.bind(busy), ({ queue, allocated }) => queue.queued === 0 && allocated.cpu === 60);
    await assertLedgerHolds(stowage.database.url);
  });
});
