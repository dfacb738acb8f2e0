import { describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { gpus, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Outcome {
  starts: number;
  waits: number;
  sentence: string | null;
  blockers: Record<string, unknown>[];
}

interface Answer {
  starts: string[];
  waits: string[];
  placed: { before: number; after: number };
  deployments: Outcome[];
  changes: (Outcome & { id: string })[];
  reservation: { before: unknown; after: unknown; moves: boolean };
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('what if', () => {
  const ask = async (cluster: TestCluster, body: unknown): Promise<Answer> => {
    const answer = await team.viewer.post<Answer>(`${cluster.path}/plan`, body);
    if (answer.status !== 200) throw new Error(`asking was answered by ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  const statuses = async (cluster: TestCluster, ids: readonly string[]): Promise<string[]> =>
    Promise.all(ids.map(async (id) => (await cluster.deployment(id)).status));

  /** Waits until no pass is to come. */
  const settle = async (cluster: TestCluster): Promise<void> => {
    await eventually(
      () =>
        withClient(stowage.database.url, async (client) => {
          const { rows } = await client.query<{ left: number }>(
            `select (select count(*) from cluster_signals where cluster_id = $1)
                  + (select count(*) from deployments where cluster_id = $1 and ended_at is not null and released_at is null) as left`,
            [cluster.id],
          );
          return Number(rows[0]?.left);
        }),
      (left) => left === 0,
    );
  };

  /** Everything in the database, as one number per table. */
  const fingerprint = (): Promise<unknown> =>
    withClient(stowage.database.url, async (client) => {
      const tables = [
        'clusters',
        'deployments',
        'deployment_events',
        'ledger_entries',
        'queue_shapes',
        'cluster_signals',
        'cluster_schedules',
        'passes',
        'pass_snapshots',
        'audit_entries',
      ];
      const sums = tables.map(
        (table) =>
          `select '${table}' as name, count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text as sum from ${table} t`,
      );
      return (await client.query<{ name: string }>(`${sums.join(' union all ')} order by 1`)).rows;
    });

  it('shows the outcome of additional deployments under another capacity, and changes nothing', async () => {
    const cluster = await TestCluster.create(team, { gpu: 8 });
    const first = await cluster.submit({ resources: gpus(6), maxRuntimeSeconds: 3_600 });
    const second = await cluster.submit({ resources: gpus(3), maxRuntimeSeconds: 3_600 });
    await settle(cluster);
    const before = await fingerprint();
    expect(await ask(cluster, { deployments: [{ resources: gpus(1), count: 4 }] })).toMatchObject({
      starts: [],
      placed: { before: 0, after: 2 },
      deployments: [
        {
          starts: 2,
          waits: 2,
          blockers: [
            { code: 'NOT_ENOUGH', resource: 'gpu', needed: 1, available: 0, missing: 1 },
            { code: 'OUTRANKED' },
          ],
        },
      ],
      reservation: { before: null, after: null, moves: false },
    });
    const running = (await statuses(cluster, [first])).includes('scheduled') ? first : second;
    const waiting = running === first ? second : first;
    expect(await ask(cluster, { capacity: { gpu: 9 } })).toMatchObject({
      starts: [waiting],
      placed: { before: 0, after: 1 },
    });
    expect(await ask(cluster, { capacity: { gpu: 9 }, cordoned: true })).toMatchObject({ starts: [] });
    expect(await ask(cluster, { ended: [running] })).toMatchObject({ starts: [waiting] });
    expect(await ask(cluster, { changes: [{ id: waiting, resources: gpus(2) }] })).toMatchObject({
      starts: [waiting],
      changes: [{ id: waiting, starts: 1, waits: 0, sentence: null, blockers: [] }],
    });
    expect(await ask(cluster, { policy: { reserveAfterSeconds: 0 } })).toMatchObject({
      starts: [],
      reservation: { before: null, after: { deploymentId: waiting, state: 'promised' }, moves: true },
    });
    expect(await ask(cluster, {})).toMatchObject({ starts: [], waits: [], placed: { before: 0, after: 0 } });
    expect(await fingerprint()).toEqual(before);
  });

  it('counts only the older deployments that an amended one would have', async () => {
    const cluster = await TestCluster.create(team, { gpu: 1 });
    await cluster.submit({ resources: gpus(1), priority: 90 });
    await settle(cluster);
    const old = await cluster.submit({ resources: gpus(1), priority: 10 });
    const amended = await cluster.submit({ resources: gpus(1), priority: 20 });
    await cluster.submit({ resources: gpus(1), priority: 10 });
    await settle(cluster);
    const told = await ask(cluster, { changes: [{ id: amended, priority: 10 }] });
    expect(told.changes[0]?.blockers).toContainEqual({
      code: 'OUTRANKED',
      reason: 'older',
      priority: 10,
      deployments: 1,
    });
    const both = await ask(cluster, {
      changes: [
        { id: amended, priority: 30 },
        { id: old, priority: 30 },
      ],
    });
    const elders = both.changes.map(({ blockers }) => blockers.filter(({ reason }) => reason === 'older'));
    expect(elders).toEqual([[{ code: 'OUTRANKED', reason: 'older', priority: 30, deployments: 1 }], []]);
  });

  it('names all deployments that a what-if request cannot be about', async () => {
    const cluster = await TestCluster.create(team, { gpu: 8 });
    const id = await cluster.submit({ resources: gpus(1) });
    await eventually(
      () => statuses(cluster, [id]),
      ([status]) => status === 'scheduled',
    );
    const answer = await team.viewer.post(`${cluster.path}/plan`, {
      changes: [{ id, priority: 1 }],
      ended: [newId(), id],
    });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        code: 'WHAT_IF.DEPLOYMENT_INVALID',
        errors: [
          { pointer: '#/changes/0/id', code: 'wrong-status' },
          { pointer: '#/ended/0', code: 'not-found' },
          { pointer: '#/ended/1', code: 'named-twice' },
        ],
      },
    });
  });
});
