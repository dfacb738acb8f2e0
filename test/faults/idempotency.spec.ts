import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';

import { newId } from '#kernel';

import { aDeployment, TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { WorkerProcess } from './worker-process.js';

const KEYS = 200;

describe('an API that is killed while it answers requests with idempotency keys', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  let pool: Pool;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 4 });
    pool = new Pool({ connectionString: stowage.database.url, max: 2 });
  });

  afterAll(async () => {
    await pool.end();
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  const order = (key: string): string => JSON.stringify(aDeployment({ labels: { key } }));

  const headers = (key: string): Record<string, string> => ({
    authorization: `Bearer ${team.developer.token}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  });

  /** The answer of a process; undefined when the process ends before it answers. */
  const ask = async (url: string, key: string): Promise<{ id: string } | undefined> => {
    try {
      const answer = await fetch(`${url}${cluster.path}/deployments`, {
        method: 'POST',
        headers: headers(key),
        body: order(key),
      });
      return answer.status === 201 ? ((await answer.json()) as { id: string }) : undefined;
    } catch {
      return undefined;
    }
  };

  const deploymentsOf = async (key: string): Promise<string[]> => {
    const { rows } = await pool.query<{ id: string }>(`select id from deployments where labels ->> 'key' = $1`, [key]);
    return rows.map(({ id }) => id);
  };

  it('leaves neither a deployment nor a stored answer when the API is killed in the middle of the transaction, and serves the repeated request', async () => {
    const api = await WorkerProcess.startApi(stowage);
    const key = newId();
    const blocker = await pool.connect();
    // The transaction writes the answer last: it waits for this lock after it has written the deployment.
    await blocker.query('begin; lock table idempotent_answers in share mode');
    const answer = ask(api.url, key);
    await eventually(
      async () =>
        (
          await pool.query(
            `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%idempotent_answers%'`,
          )
        ).rowCount,
      (waiting) => waiting === 1,
    );
    await api.kill();
    expect(await answer).toBeUndefined();
    await blocker.query('rollback');
    blocker.release();
    const again = await ask(await stowage.api.getUrl(), key);
    expect(await deploymentsOf(key)).toEqual([again?.id]);
  });

  it('executes each request at most once when the API is killed at any moment, and exactly once after a repetition', async () => {
    const api = await WorkerProcess.startApi(stowage);
    const keys = Array.from({ length: KEYS }, () => newId());
    const answers = Promise.all(keys.map((key) => ask(api.url, key)));
    await eventually(
      async () => (await pool.query('select 1 from deployments')).rowCount ?? 0,
      (count) => count > 20,
    );
    await api.kill();
    const first = await answers;
    const url = await stowage.api.getUrl();
    for (const [index, key] of keys.entries()) {
      const again = await ask(url, key);
      expect(await deploymentsOf(key)).toEqual([again?.id]);
      if (first[index] !== undefined) expect(again).toEqual(first[index]);
    }
  });
});
