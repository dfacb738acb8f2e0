import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { Sweep } from '#scheduler/processor';

import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { ManualPasses } from '../support/manual-passes.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

/** Longer than any test waits: what is served before was not served because an interval had passed. */
const SWEEP_INTERVAL_MS = 60_000;

describe('a cluster whose passes all fail', () => {
  let stowage: Stowage;
  let team: Team;
  let client: Client;
  let passes: ManualPasses;
  let broken: TestCluster;
  let dueInBroken: string;

  /** A cordoned cluster in which nothing has happened since its last pass, and one deployment whose queue timeout ends then. */
  const aClusterDueIn = async (ms: number): Promise<{ cluster: TestCluster; id: string }> => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    const id = await cluster.submit({ queueTimeoutSeconds: 600 });
    await passes.runUntilSettled(cluster.id);
    await client.query(`update deployments set due_at = now() + $2 * interval '1 millisecond' where id = $1`, [id, ms]);
    return { cluster, id };
  };

  /** How often a pass has failed there: a sequence keeps its value when a transaction is rolled back. */
  const failures = async (): Promise<number> => {
    const { rows } = await client.query<{ count: number }>(
      `select case when is_called then last_value else 0 end::int as count from failures`,
    );
    return rows[0]?.count ?? NaN;
  };

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0, STOWAGE_SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS) });
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    passes = await ManualPasses.of(stowage);
    // Found by its signal, and so before all that are found by time alone; and by time, too.
    ({ cluster: broken, id: dueInBroken } = await aClusterDueIn(-1_000));
    await broken.submit();
    await client.query(`
      create sequence failures;
      grant usage on sequence failures to public;
      create function fail() returns trigger language plpgsql as $$
        begin perform nextval('failures'); raise 'this cluster is broken'; end $$;
      create trigger broken before update on deployments for each row
        when (old.cluster_id = '${broken.id}') execute function fail()`);
  });

  afterAll(async () => {
    await passes.stop();
    await assertLedgerHolds(stowage.database.url);
    await client.end();
    await stowage.stop();
  });

  it('keeps no other from being served, and is left alone for a while', async () => {
    const { cluster, id } = await aClusterDueIn(-1_000);
    await passes.sweep();
    expect(await failures()).toBe(1);
    expect(await cluster.statusOf(id)).toBe('expired');
    await passes.sweep();
    expect(await failures()).toBe(1);
  });

  it('makes the sweep of a worker neither late for others nor restless', async () => {
    const { cluster, id } = await aClusterDueIn(2_000);
    const before = await failures();
    const sweep = (await stowage.addWorker()).get(Sweep, { strict: false });
    const { sweepOnce } = sweep;
    let sweeps = 0;
    sweep.sweepOnce = () => {
      sweeps += 1;
      return sweepOnce.call(sweep);
    };
    await eventually(
      () => cluster.statusOf(id),
      (status) => status === 'expired',
    );
    expect(await failures()).toBeGreaterThan(before);
    // One when it is due, and some where a timer rings early; a restless one looks every 20 ms.
    expect(sweeps).toBeLessThan(10);
  });

  it('tries a failing cluster again after an interval, and serves the cluster when nothing is wrong any more', async () => {
    const environment = { ...stowage.environment, STOWAGE_SWEEP_INTERVAL_MS: '100' };
    const soon = await ManualPasses.of({ database: stowage.database, environment });
    const before = await failures();
    const failuresAfterASweep = async (): Promise<number> => {
      await soon.sweep();
      return failures();
    };
    await eventually(failuresAfterASweep, (count) => count >= before + 2);
    await client.query('drop trigger broken on deployments');
    const statusAfterASweep = async (): Promise<string> => {
      await soon.sweep();
      return broken.statusOf(dueInBroken);
    };
    await eventually(statusAfterASweep, (status) => status === 'expired');
    await soon.stop();
  });
});
