import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { type DeploymentBody, TestCluster } from '../../support/clusters.js';
import { assertLedgerHolds, brokenLaws } from '../../support/invariants.js';
import { ManualPasses } from '../../support/manual-passes.js';
import { aTeam, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

describe('transitions that are due by time', () => {
  let stowage: Stowage;
  let passes: ManualPasses;
  let team: Team;
  let client: Client;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0, STOWAGE_LIMIT_CLUSTERS: '10' });
    passes = await ManualPasses.of(stowage);
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await passes.stop();
    await stowage.stop();
  });

  const recordsOf = async ({ id }: TestCluster): Promise<number> => {
    const { rows } = await client.query<{ count: number }>(
      'select count(*)::int as count from passes where cluster_id = $1',
      [id],
    );
    return rows[0]?.count ?? -1;
  };

  const report = async (cluster: TestCluster, id: string, body: unknown): Promise<DeploymentBody> =>
    (await team.admin.post<DeploymentBody>(`${cluster.deploymentPath(id)}/complete`, body)).body;

  it('records a pass without any request only when something is due', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const id = await cluster.submit({ maxRuntimeSeconds: 3_600 });
    await passes.run(cluster.id);
    expect(await recordsOf(cluster)).toBe(1);
    await passes.run(cluster.id);
    expect(await recordsOf(cluster)).toBe(1);
    await client.query(`update deployments set due_at = now() where id = $1`, [id]);
    await passes.run(cluster.id);
    expect(await recordsOf(cluster)).toBe(2);
    expect((await cluster.deployment(id)).status).toBe('timed_out');
    // The deployment is due by now.
    await client.query(
      `insert into cluster_schedules (cluster_id, organization_id, wake_at) values ($1, $2, now() - interval '1 hour')
       on conflict (cluster_id) do update set wake_at = excluded.wake_at`,
      [cluster.id, team.organizationId],
    );
    await passes.run(cluster.id);
    expect(await recordsOf(cluster)).toBe(3);
  });

  it('leaves the stored reservations as they are in a pass that changes none of them', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await team.admin.patch(cluster.path, { policy: { reserveAfterSeconds: 0 } });
    const stored = async (): Promise<unknown[]> => {
      const statement = 'select xmin, reservations, wake_at from cluster_schedules where cluster_id = $1';
      return (await client.query<Record<string, unknown>>(statement, [cluster.id])).rows;
    };
    await cluster.submit({ maxRuntimeSeconds: 3_600 });
    await passes.run(cluster.id);
    const promised = await cluster.submit();
    await passes.run(cluster.id);
    const before = await stored();
    expect(before).toMatchObject([{ reservations: [{ id: promised, state: 'promised' }] }]);
    const recorded = await recordsOf(cluster);
    await cluster.submit();
    await passes.run(cluster.id);
    expect(await recordsOf(cluster)).toBe(recorded + 1);
    expect(await stored()).toEqual(before);
  });

  it('keeps the times of a deployment from going back when the clock does', async () => {
    const cluster = await TestCluster.create(team, { cpu: 10 });
    const [ended = '', retried = '', timedOut = '', cancelled = ''] = await cluster.submitBatch([
      {},
      { maxRetries: 1 },
      { maxRuntimeSeconds: 60 },
      {},
    ]);
    const waiting = await TestCluster.create(team, { cpu: 1 });
    await waiting.cordon();
    const [expired = '', dropped = '', swept = ''] = await waiting.submitBatch([{ queueTimeoutSeconds: 60 }, {}, {}]);
    // As if the clock had been an hour ahead when they came.
    await client.query(`update deployments set queued_at = queued_at + interval '1 hour' where cluster_id = any($1)`, [
      [cluster.id, waiting.id],
    ]);
    await passes.run(cluster.id);
    await passes.run(waiting.id);
    await team.admin.post(`${cluster.deploymentPath(ended)}/start`, {});
    await report(cluster, ended, { outcome: 'succeeded' });
    expect(await report(cluster, retried, { outcome: 'failed' })).toMatchObject({ status: 'retrying' });
    await cluster.cancel(cancelled);
    await waiting.cancel(dropped);
    await client.query(`update deployments set due_at = '1999-01-01' where id = any($1)`, [[timedOut, expired]]);
    await passes.run(cluster.id);
    await passes.run(waiting.id);
    await team.admin.post(`${waiting.path}/deployments/cancel`, { filter: {} });
    const { rows } = await client.query<{ id: string; status: string }>(
      `select id, status from deployments
       where cluster_id = any($1) and (coalesce(scheduled_at, queued_at) < queued_at
         or coalesce(started_at, scheduled_at, queued_at) < coalesce(scheduled_at, queued_at)
         or coalesce(ended_at, 'infinity') < coalesce(started_at, scheduled_at, queued_at)
         or (coalesce(released_at, 'infinity') < ended_at))`,
      [[cluster.id, waiting.id]],
    );
    expect(rows).toEqual([]);
    expect(
      await Promise.all([ended, retried, timedOut, cancelled].map(async (id) => (await cluster.deployment(id)).status)),
    ).toEqual(['succeeded', 'retrying', 'timed_out', 'cancelled']);
    expect(
      await Promise.all([expired, dropped, swept].map(async (id) => (await waiting.deployment(id)).status)),
    ).toEqual(['expired', 'cancelled', 'cancelled']);
    expect(await brokenLaws(client)).toEqual([]);
  });

  it('makes overdue transitions when the worker returns', async () => {
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const timed = await cluster.submit({ maxRuntimeSeconds: 60 });
    const retried = await cluster.submit({ maxRetries: 2 });
    await passes.run(cluster.id);
    await report(cluster, retried, { outcome: 'failed' });
    const waited = await cluster.submit({ queueTimeoutSeconds: 60 });
    await client.query(`update deployments set due_at = now() - interval '1 hour' where id = any($1)`, [
      [timed, retried, waited],
    ]);

    await stowage.addWorker();
    const statuses = await eventually(
      () => Promise.all([timed, retried, waited].map((id) => cluster.deployment(id))),
      ([, second]) => second?.status === 'scheduled' && second.attempt === 2,
    );
    expect(statuses.map(({ status }) => status)).toEqual(['timed_out', 'scheduled', 'expired']);
    await assertLedgerHolds(stowage.database.url);
  });
});
