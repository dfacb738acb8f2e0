import { beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { type DeploymentBody, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

type Shown = DeploymentBody & {
  retries: number;
  maxRetries: number;
  retryAt: string | null;
  queueTimeoutSeconds: number | null;
  code?: string;
  deploymentStatus?: string;
};

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('an attempt that fails', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create(team, { cpu: 4 });
  });

  const read = async (id: string): Promise<Shown> => (await team.viewer.get<Shown>(cluster.deploymentPath(id))).body;

  const reaches = (id: string, status: string, attempt = 1): Promise<Shown> =>
    eventually(
      () => read(id),
      (shown) => shown.status === status && shown.attempt === attempt,
    );

  const act = (id: string, action: string, body: unknown = {}): Promise<Answer<Shown>> =>
    team.developer.post(`${cluster.deploymentPath(id)}/${action}`, body);

  const eventsOf = (id: string): Promise<string[]> =>
    withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query<{ event: string }>(
        `select to_status || ' ' || cause || ' ' || attempt as event from deployment_events where deployment_id = $1 order by sequence`,
        [id],
      );
      return rows.map(({ event }) => event);
    });

  /** As if the time of a deployment had come. */
  const hurry = (id: string): Promise<unknown> =>
    withClient(stowage.database.url, (client) =>
      client.query(`update deployments set due_at = now() where id = $1 and due_at is not null`, [id]),
    );

  it('releases its resources, is queued again with its age, and fails when no retry is left', async () => {
    const id = await cluster.submit({ maxRetries: 1 });
    const first = await reaches(id, 'scheduled');
    const { body: retrying } = await act(id, 'complete', { outcome: 'failed', attempt: 1, message: 'exit code 1' });
    expect(retrying).toMatchObject({
      status: 'retrying',
      attempt: 1,
      retries: 1,
      maxRetries: 1,
      endedAt: null,
      message: 'exit code 1',
    });
    const pause = Date.parse(retrying.retryAt ?? '') - Date.parse(first.scheduledAt ?? '');
    expect(pause).toBeGreaterThanOrEqual(1_000);
    await eventually(
      () => read(id),
      ({ releasedAt, attempt }) => releasedAt !== null || attempt === 2,
    );
    const second = await reaches(id, 'scheduled', 2);
    expect(second).toMatchObject({ queuedAt: first.queuedAt, startedAt: null, releasedAt: null, retryAt: null });

    const stale = await act(id, 'complete', { outcome: 'failed', attempt: 1 });
    expect(stale).toMatchObject({ status: 409, body: { code: 'DEPLOYMENTS.STALE_ATTEMPT', attempt: 2 } });
    expect((await act(id, 'complete', { outcome: 'failed', attempt: 2 })).body).toMatchObject({
      status: 'failed',
      retries: 1,
    });
    expect(await eventsOf(id)).toEqual([
      'queued submitted 1',
      'scheduled placed 1',
      'retrying reported 1',
      'queued retry-due 2',
      'scheduled placed 2',
      'failed reported 2',
    ]);
  });

  it('accepts a repeated report; refuses another outcome, a start, and another attempt', async () => {
    const id = await cluster.submit({ maxRetries: 3 });
    await reaches(id, 'scheduled');
    const twice = { outcome: 'failed', message: 'first' };
    const batch = await team.developer.post<{ results: { problem?: { code: string } }[] }>(
      `${cluster.path}/deployments/complete`,
      {
        reports: [
          { id, ...twice },
          { id, ...twice, attempt: 1 },
          { id, outcome: 'succeeded' },
          { id, ...twice, attempt: 2 },
        ],
      },
    );
    expect(batch.body.results.map(({ problem }) => problem?.code ?? 'accepted')).toEqual([
      'accepted',
      'accepted',
      'DEPLOYMENTS.INVALID_STATE',
      'DEPLOYMENTS.STALE_ATTEMPT',
    ]);
    await act(id, 'cancel');
    expect(await eventsOf(id)).toEqual([
      'queued submitted 1',
      'scheduled placed 1',
      'retrying reported 1',
      'cancelled cancelled 1',
    ]);
    expect(await read(id)).toMatchObject({ status: 'cancelled', retries: 1, retryAt: null });
    await eventually(
      () => read(id),
      ({ releasedAt }) => releasedAt !== null,
    );
  });

  it('waits twice as long before each retry', async () => {
    const id = await cluster.submit({ maxRetries: 3 });
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      await reaches(id, 'scheduled', attempt);
      const { body } = await act(id, 'complete', { outcome: 'failed', attempt });
      const [row] = await withClient(
        stowage.database.url,
        async (client) =>
          (
            await client.query<{ pause: number }>(
              `select extract(epoch from $3::timestamptz - at)::float8 as pause from deployment_events
               where deployment_id = $1 and to_status = 'retrying' and attempt = $2`,
              [id, attempt, body.retryAt],
            )
          ).rows,
      );
      pauses.push(row?.pause ?? Number.NaN);
      await hurry(id);
    }
    expect(pauses).toEqual([1, 2, 4]);
    await reaches(id, 'scheduled', 4);
    expect((await act(id, 'complete', { outcome: 'failed' })).body.status).toBe('failed');
  });

  it('permits the deletion of its drained cluster, and ends with the cluster', async () => {
    const drained = await TestCluster.create(team, { cpu: 1 });
    const id = await drained.submit({ maxRetries: 1 });
    await reaches(id, 'scheduled');
    await act(id, 'complete', { outcome: 'failed' });
    await withClient(stowage.database.url, (client) =>
      client.query(`update deployments set due_at = now() + interval '1 hour' where id = $1`, [id]),
    );
    await eventually(
      () => read(id),
      ({ releasedAt }) => releasedAt !== null,
    );
    expect(await drained.read()).toMatchObject({ queue: { queued: 0, retrying: 1 }, isEmpty: false });
    const refused = await team.admin.delete(drained.path);
    expect(refused).toMatchObject({ status: 409, body: { code: 'CLUSTERS.NOT_EMPTY', queued: 0, retrying: 1 } });
    await team.admin.post(`${drained.path}/drain`);
    expect((await team.admin.delete(drained.path)).status).toBe(204);
    expect((await read(id)).status).toBe('cancelled');
    expect((await eventsOf(id)).at(-1)).toBe('cancelled cluster-deleted 1');
  });

  it('expires when the next attempt is not started in time', async () => {
    const cordoned = await TestCluster.create(team, { cpu: 1 });
    await cordoned.cordon();
    const id = await cordoned.submit({ queueTimeoutSeconds: 1 });
    const patient = await cordoned.submit({ queueTimeoutSeconds: 3_600 });
    const expired = await reaches(id, 'expired');
    expect(expired).toMatchObject({ queueTimeoutSeconds: 1, scheduledAt: null, releasedAt: expired.endedAt });
    expect(await eventsOf(id)).toEqual(['queued submitted 1', 'expired queue-timeout 1']);
    expect((await act(id, 'cancel')).body).toMatchObject({
      code: 'DEPLOYMENTS.INVALID_STATE',
      deploymentStatus: 'expired',
    });
    expect(await cordoned.read()).toMatchObject({ queue: { queued: 1 } });

    await hurry(patient);
    await reaches(patient, 'expired');
  });
});
