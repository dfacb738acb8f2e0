import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { TestCluster } from '../../support/clusters.js';
import { assertLedgerHolds, type LedgerObserver, observeLedger } from '../../support/invariants.js';
import { aTeam, type Team } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

/** As many as make the same rows wanted by several at once. */
const DEPLOYMENTS = 600;
const ROUNDS = 6;

describe('reports, cancellations, edits, stops and passes over the same deployments', () => {
  let stowage: Stowage;
  let team: Team;
  let client: Client;
  let observer: LedgerObserver;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 2, STOWAGE_PASS_MAX_ROWS: '100' });
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    observer = observeLedger(stowage.database.url);
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  const deadlocks = async (): Promise<number> => {
    const { rows } = await client.query<{ deadlocks: string }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    return Number(rows[0]?.deadlocks);
  };

  it('answers all requests without deadlock, in whatever order they lock', async () => {
    const random = Random.of('contention');
    const cluster = await TestCluster.create(team, { cpu: 200 });
    await team.admin.patch(cluster.path, { policy: { stopGraceSeconds: 1 } });
    const ids = await cluster.submitBatch(
      Array.from({ length: DEPLOYMENTS }, (_, index) => ({
        maxRetries: 1,
        priority: index % 7,
        ...(index % 3 === 0 ? { maxRuntimeSeconds: 1, queueTimeoutSeconds: 1 } : {}),
      })),
    );
    const reports = (): Promise<{ status: number }> =>
      team.admin.post(`${cluster.path}/deployments/complete`, {
        reports: random.shuffle(ids).map((id) => ({ id, outcome: random.pick(['succeeded', 'failed']) })),
      });
    const cancelled = (priority: number): Promise<{ status: number }> =>
      team.admin.post(`${cluster.path}/deployments/cancel`, {
        filter: { minPriority: priority, maxPriority: priority },
      });
    const edits = (): Promise<{ status: number }>[] =>
      random
        .shuffle(ids)
        .slice(0, 10)
        .map((id) => team.admin.patch(cluster.deploymentPath(id), { priority: random.integer(0, 6) }));
    const starts = (): Promise<{ status: number }>[] =>
      random
        .shuffle(ids)
        .slice(0, 40)
        .map((id) => team.admin.post(`${cluster.deploymentPath(id)}/start`));
    // Some run from the beginning (the two highest priorities fit), and are reported while they are cancelled, which asks them to stop.
    const highest = ROUNDS - 1;
    for (const id of ids.filter((_, index) => index % 7 === highest && index % 3 !== 0).slice(0, 20)) {
      await eventually(
        () => team.admin.post(`${cluster.deploymentPath(id)}/start`),
        ({ status }) => status === 200,
      );
    }
    const statuses = new Set<number>();
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all([
        reports(),
        cancelled(highest - round),
        ...starts(),
        ...edits(),
        reports(),
        cancelled(highest - round),
      ]);
      for (const { status } of answers) statuses.add(status);
    }
    // 503 answers a request that would wait too long for a row or a connection.
    expect([200, 409, 503]).toEqual(expect.arrayContaining([...statuses]));
    expect(statuses).toContain(200);
    expect(await deadlocks()).toBe(0);

    await eventually(
      () => team.admin.post(`${cluster.path}/deployments/cancel`, { filter: {} }),
      ({ status }) => status === 200,
    );
    await eventually(cluster.read.bind(cluster), ({ queue, allocated }) => queue.queued === 0 && allocated.cpu === 0);
    await observer.stop();
    await assertLedgerHolds(stowage.database.url);
  });
});
