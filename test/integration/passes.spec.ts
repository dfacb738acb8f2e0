import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { Client } from 'pg';

import { PASS_QUEUE, type PassJob } from '#queue';

import { cases } from '../support/cases.js';
import { atMost, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { assertLedgerHolds, type LedgerObserver, observeLedger } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

/** Makes every nudge three jobs. */
function deliverThrice(stowage: Stowage): void {
  const queue = stowage.api.get<Queue<PassJob>>(getQueueToken(PASS_QUEUE), { strict: false });
  const add = queue.add.bind(queue);
  queue.add = (async (...args: Parameters<typeof add>) => {
    await Promise.all([add(...args), add(...args)]);
    return add(...args);
  }) as typeof queue.add;
}

/** A placement and a cancel that come at the same time. */
const PAIRS = cases(200);

describe('passes by three workers, every nudge delivered three times', () => {
  let stowage: Stowage;
  let team: Team;
  let client: Client;
  let observer: LedgerObserver;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 3 });
    deliverThrice(stowage);
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  beforeEach(() => {
    observer = observeLedger(stowage.database.url);
  });

  afterEach(async () => {
    await observer.stop();
    expect(observer.looks()).toBeGreaterThan(0);
    await assertLedgerHolds(stowage.database.url);
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  const rows = async <Row extends Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    (await client.query<Row>(sql, values)).rows;

  const countByStatus = async (cluster: TestCluster): Promise<Record<string, number>> => {
    const counts = await rows<{ status: string; count: number }>(
      'select status, count(*)::int as count from deployments where cluster_id = $1 group by 1',
      [cluster.id],
    );
    return Object.fromEntries(counts.map(({ status, count }) => [status, count]));
  };

  it('gives no more than 100 places to 400 deployments that come at once', async () => {
    const cluster = await TestCluster.create(team, { cpu: 100 });
    const most = { cpu: 0 };
    let isOver = false;
    const watching = (async () => {
      while (!isOver) most.cpu = Math.max(most.cpu, (await cluster.read()).allocated.cpu);
    })();
    await atMost(50, Array.from({ length: 400 }), () => cluster.submit());
    await eventually(
      () => countByStatus(cluster),
      ({ scheduled, queued }) => scheduled === 100 && queued === 300,
    );
    isOver = true;
    await watching;
    expect(most.cpu).toBe(100);
    expect(await cluster.read()).toMatchObject({
      allocated: { cpu: 100 },
      available: { cpu: 0 },
      queue: { queued: 300 },
    });
  });

  it('starts deployments behind a cordon in the order of priority, then age', async () => {
    const random = Random.of('order behind a cordon');
    const cluster = await TestCluster.create(team, { cpu: 100 });
    await cluster.cordon();
    await atMost(50, Array.from({ length: 400 }), () => cluster.submit({ priority: random.integer(40, 60) }));
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 400);
    expect(await countByStatus(cluster)).toEqual({ queued: 400 });

    await cluster.uncordon();
    await eventually(
      () => countByStatus(cluster),
      ({ scheduled }) => scheduled === 100,
    );
    const started = await rows<{ id: string }>(
      `select id from deployments where cluster_id = $1 and status = 'scheduled' order by id`,
      [cluster.id],
    );
    const first = await rows<{ id: string }>(
      `select id from (select id from deployments where cluster_id = $1 order by priority desc, queued_at, id limit 100) first order by id`,
      [cluster.id],
    );
    expect(started).toEqual(first);
  });

  it('loses nothing, doubles nothing and leaves nothing behind while everything comes and goes', async () => {
    const random = Random.of('everything comes and goes');
    const cluster = await TestCluster.create(team, { cpu: 16, gpu: 4 });
    const ids: string[] = [];
    const submitOne = async (): Promise<void> => {
      const resources = { cpu: random.integer(1, 8) / 2, memoryMib: 16, gpu: random.integer(0, 2) / 2 };
      ids.push(await cluster.submit({ priority: random.pick([10, 50, 90]), resources }));
    };
    const endOne = async (): Promise<void> => {
      const id = random.shuffle(ids)[0];
      if (id === undefined) return;
      const answer = random.fraction() < 0.3 ? await cluster.cancel(id) : await cluster.complete(id);
      expect([200, 409]).toContain(answer.status);
    };
    await atMost(12, Array.from({ length: cases(500) }), async () => {
      await (random.fraction() < 0.5 ? submitOne() : endOne());
      await sleep(random.integer(0, 5));
    });
    await cluster.cordon();
    await eventually(
      async () => {
        await atMost(12, ids, (id) => cluster.cancel(id));
        return cluster.read();
      },
      ({ queue, allocated }) =>
        queue.queued === 0 && allocated.cpu === 0 && allocated.memoryMib === 0 && allocated.gpu === 0,
    );
    const counts = await countByStatus(cluster);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(ids.length);
    expect(Object.keys(counts).every((status) => ['cancelled', 'succeeded'].includes(status))).toBe(true);
  });

  it(`ends each of ${PAIRS} pairs of a placement and a cancel as cancelled, once, with nothing kept`, async () => {
    const random = Random.of('cancel races placement');
    const cluster = await TestCluster.create(team, { cpu: 1_000 });
    await atMost(20, [...Array(PAIRS).keys()], async (pair) => {
      const id = await cluster.submit();
      if (pair > 0) await sleep(random.integer(0, 40));
      // One at least, however slow passes are.
      else await eventually(cluster.deployment.bind(cluster, id), ({ status }) => status === 'scheduled');
      const { status, body } = await cluster.cancel(id);
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    });
    await eventually(cluster.read.bind(cluster), ({ queue, allocated }) => queue.queued === 0 && allocated.cpu === 0);

    const histories = await rows<{ history: string; count: number }>(
      `select history, count(*)::int as count from (
         select string_agg(to_status, ' ' order by sequence) as history from deployment_events where cluster_id = $1
         group by deployment_id) histories
       group by 1 order by 1`,
      [cluster.id],
    );
    const ways = Object.fromEntries(histories.map(({ history, count }) => [history, count]));
    process.stderr.write(`cancel races placement: ${JSON.stringify(ways)}\n`);
    expect(['queued cancelled', 'queued scheduled cancelled']).toEqual(expect.arrayContaining(Object.keys(ways)));
    expect(ways).toHaveProperty(['queued scheduled cancelled']);
    expect(Object.values(ways).reduce((sum, count) => sum + count, 0)).toBe(PAIRS);
  });

  it('ends a deployment that runs longer than declared, and starts the next in its place', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    // Both at once: the next waits from the beginning, however soon the second of the first is over.
    const [first = '', next = ''] = await cluster.submitBatch([{ maxRuntimeSeconds: 1, priority: 90 }, {}]);
    const ended = await eventually(
      () => cluster.deployment(first),
      ({ status }) => status === 'timed_out',
    );
    const ranMs = Date.parse(ended.endedAt ?? '') - Date.parse(ended.scheduledAt ?? '');
    expect(ranMs).toBeGreaterThanOrEqual(1_000);
    await eventually(
      () => cluster.deployment(next),
      ({ status }) => status === 'scheduled',
    );
    expect((await cluster.deployment(first)).releasedAt).not.toBeNull();
    const [timeOut] = (await cluster.passes()).filter(({ timedOut }) => timedOut > 0);
    expect(timeOut).toMatchObject({ timedOut: 1, released: 1, placed: 1 });
  });
});

describe('passes that may change seven rows at a time', () => {
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    // Without the sweep's help: a pass that leaves something must be followed by another at once.
    stowage = await Stowage.start({ STOWAGE_PASS_MAX_ROWS: '7', STOWAGE_SWEEP_INTERVAL_MS: '60000' });
    team = await aTeam(stowage.client);
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  it('runs partial passes one after the other until all is done, highest priority first', async () => {
    const cluster = await TestCluster.create(team, { cpu: 30 });
    await cluster.cordon();
    const ids = await cluster.submitBatch(Array.from({ length: 40 }, (_, index) => ({ priority: index })));
    await cluster.uncordon();
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 30);

    const placing = (await cluster.passes()).filter(({ placed }) => placed > 0);
    expect(placing.map(({ placed }) => placed)).toEqual([7, 7, 7, 7, 2]);
    expect(placing.map(({ isPartial }) => isPartial)).toEqual([true, true, true, true, false]);
    const statuses = await Promise.all(ids.map((id) => cluster.deployment(id)));
    const inOrder = statuses.toSorted((a, b) => b.priority - a.priority);
    expect(inOrder.map(({ status }) => status)).toEqual([
      ...Array<string>(30).fill('scheduled'),
      ...Array<string>(10).fill('queued'),
    ]);
    const times = inOrder.slice(0, 30).map(({ scheduledAt }) => scheduledAt ?? '');
    expect(times).toEqual(times.toSorted());
  });

  it('runs partial passes when many deployments end or run out of time at once', async () => {
    const cluster = await TestCluster.create(team, { cpu: 20 });
    const ids = await cluster.submitBatch(
      Array.from({ length: 20 }, (_, index) => (index < 10 ? { maxRuntimeSeconds: 3_600 } : {})),
    );
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 20);
    const reports = ids.slice(10).map((id) => ({ id, outcome: 'succeeded' }));
    await team.developer.post(`${cluster.path}/deployments/complete`, { reports });
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 10);
    await withClient(stowage.database.url, (client) =>
      client.query('update deployments set due_at = now() where id = any($1)', [ids.slice(0, 10)]),
    );
    // The sweep is not there to look at the clock: any nudge does.
    const other = await cluster.submit();
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1);
    expect((await cluster.deployment(other)).status).toBe('scheduled');

    const passes = await cluster.passes();
    expect(Math.max(...passes.map(({ placed, released }) => placed + released))).toBeLessThanOrEqual(7);
    expect(passes.reduce((sum, { released }) => sum + released, 0)).toBe(20);
    expect(passes.reduce((sum, { timedOut }) => sum + timedOut, 0)).toBe(10);
  });
});
