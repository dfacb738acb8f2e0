import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { Nudges } from '#queue';

import { type Answer } from '../support/api-client.js';
import { aDeployment, atMost, type DeploymentBody, TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const SWEEP_INTERVAL_MS = 300;

const isScheduled = ({ status }: DeploymentBody): boolean => status === 'scheduled';

describe('a lost nudge', () => {
  let redis: RedisServer;
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    redis = await RedisServer.start();
    stowage = await Stowage.start({
      REDIS_URL: redis.url,
      STOWAGE_SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS),
    });
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 1_000 });
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
    await redis.kill();
  });

  const withoutNudges = async (work: () => Promise<void>): Promise<void> => {
    const nudges = stowage.api.get(Nudges, { strict: false });
    const { nudge } = nudges;
    nudges.nudge = () => undefined;
    try {
      await work();
    } finally {
      nudges.nudge = nudge;
    }
  };

  it('finds a lost nudge of any kind by the sweep', async () => {
    await withoutNudges(async () => {
      const id = await cluster.submit();
      await eventually(() => cluster.deployment(id), isScheduled);
      expect((await cluster.passes()).at(-1)?.triggers).toEqual(['submitted']);

      await cluster.complete(id);
      await eventually(
        () => cluster.deployment(id),
        ({ releasedAt }) => releasedAt !== null,
      );

      await cluster.cordon();
      const waiting = await cluster.submit();
      await sleep(SWEEP_INTERVAL_MS * 2);
      expect((await cluster.deployment(waiting)).status).toBe('queued');
      await cluster.uncordon();
      await eventually(() => cluster.deployment(waiting), isScheduled);

      await cluster.cancel(waiting);
      await eventually(
        () => cluster.deployment(waiting),
        ({ releasedAt }) => releasedAt !== null,
      );
    });
  });

  it('recovers when Redis is flushed, and the next nudge works', async () => {
    const random = Random.of('Redis forgets everything');
    const ids: string[] = [];
    await Promise.all([
      atMost(8, Array.from({ length: 100 }), async () => {
        ids.push(await cluster.submit());
        await sleep(random.integer(0, 10));
      }),
      (async () => {
        for (let i = 0; i < 10; i++) {
          await redis.flushAll();
          await sleep(random.integer(0, 30));
        }
      })(),
    ]);
    await Promise.all(ids.map((id) => eventually(() => cluster.deployment(id), isScheduled)));
    const next = await cluster.submit();
    await eventually(() => cluster.deployment(next), isScheduled);
  });

  it('loses only nudges while Redis is away: answers submissions at once, and starts them by the sweep', async () => {
    await redis.kill();
    // Answered while Redis is still away: who waited for it would wait for the rest of this test.
    const ids = await atMost(4, Array.from({ length: 20 }), () => cluster.submit());
    await Promise.all(ids.map((id) => eventually(() => cluster.deployment(id), isScheduled)));
    await eventually(
      () => stowage.client.get('/health/ready'),
      ({ body }) => body['status'] === 'degraded',
    );
    const durations: number[] = [];
    for (let count = 0; count < 5; count++) {
      const beganMs = performance.now();
      const { body } = await stowage.client.get('/health/ready');
      durations.push(performance.now() - beganMs);
      expect(body).toMatchObject({ status: 'degraded', checks: { database: 'up', redis: 'down' } });
    }
    // The fastest: the machine may be busy with other tests.
    expect(Math.min(...durations)).toBeLessThan(50);

    await redis.restart();
    await eventually(
      () => stowage.client.get('/health/ready'),
      ({ body }) => body['status'] === 'ready',
    );
    const next = await cluster.submit();
    await eventually(() => cluster.deployment(next), isScheduled);
  });
});

describe('without the sweep', () => {
  let stowage: Stowage;
  let team: Team;
  let client: Client;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 2, STOWAGE_SWEEP_INTERVAL_MS: '60000' });
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await client.end();
    await stowage.stop();
  });

  const sessionsThatWait = async (): Promise<number | null> => {
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    return (await client.query(waiting)).rowCount;
  };

  it('runs another pass for an arrival during a pass', async () => {
    const cluster = await TestCluster.create(team, { cpu: 10 });
    await cluster.cordon();
    const first = await cluster.submit();
    await eventually(
      () => cluster.passes(),
      (passes) => passes.at(-1)?.waiting === 1,
    );
    const passesBefore = (await cluster.passes()).length;

    // The pass that wants to place it must wait here: it has taken its signals and made its plan by then.
    await client.query('begin');
    await client.query('select 1 from deployments where id = $1 for update', [first]);
    await cluster.uncordon();
    await eventually(sessionsThatWait, (count) => count === 1);
    // Both at once: the pass gives up when it has waited for a lock as long as anybody may.
    const [second, third] = await Promise.all([cluster.submit(), cluster.submit({ priority: 90 })]);
    expect(await cluster.passes()).toHaveLength(passesBefore);
    await client.query('commit');

    for (const id of [first, second, third]) await eventually(() => cluster.deployment(id), isScheduled);
    const placed = (await cluster.passes()).slice(passesBefore).map((pass) => pass.placed);
    expect(placed).toEqual([1, 2]);
  });

  it('starts every arrival, at whatever moment of a pass', async () => {
    const random = Random.of('arrivals at any moment');
    const cluster = await TestCluster.create(team, { cpu: 1_000 });
    const ids = await atMost(6, Array.from({ length: 200 }), async () => {
      await sleep(random.integer(0, 12));
      return cluster.submit({ priority: random.integer(0, 100) });
    });
    await Promise.all(ids.map((id) => eventually(() => cluster.deployment(id), isScheduled)));
  });

  it('answers submit, cancel, complete, start and reads while a pass has locked the cluster', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4 });
    const running = await cluster.submitBatch([{}, {}, {}, {}]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 4);
    const [toComplete, toCancel, toStart, toReport] = running as [string, string, string, string];
    const queued = await cluster.submit();

    await client.query('begin');
    await client.query('select 1 from clusters where id = $1 for no key update', [cluster.id]);
    const { developer, viewer, path } = team;
    const requests: Record<string, () => Promise<Answer>> = {
      submit: () => developer.post(`${cluster.path}/deployments`, aDeployment()),
      batch: () => developer.post(`${cluster.path}/deployments/batch`, { deployments: [aDeployment(), aDeployment()] }),
      'cancel queued': () => developer.post(`${cluster.deploymentPath(queued)}/cancel`),
      'cancel scheduled': () => developer.post(`${cluster.deploymentPath(toCancel)}/cancel`),
      complete: () => developer.post(`${cluster.deploymentPath(toComplete)}/complete`, { outcome: 'failed' }),
      start: () => developer.post(`${cluster.deploymentPath(toStart)}/start`, {}),
      reports: () =>
        developer.post(`${cluster.path}/deployments/complete`, { reports: [{ id: toReport, outcome: 'succeeded' }] }),
      'read cluster': () => viewer.get(cluster.path),
      'list deployments': () => viewer.get(`${path}/deployments`),
    };
    // The lock is held until all are answered: one that waited for it would be told to come again.
    for (const [name, request] of Object.entries(requests)) {
      const { status, text } = await request();
      expect({ name, status, text }).toMatchObject({ status: name === 'submit' || name === 'batch' ? 201 : 200 });
    }

    // Nothing that a pass does can have happened, and everything happens when the lock is gone, at the next nudge.
    expect((await cluster.read()).allocated.cpu).toBe(4);
    await client.query('rollback');
    await cluster.submit();
    await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 4 && queue.queued === 1);
    expect((await cluster.deployment(toReport)).releasedAt).not.toBeNull();
  });
});
