import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { atMost, TestCluster } from '../support/clusters.js';
import { assertLedgerHolds, observeLedger } from '../support/invariants.js';
import { aTeam } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { Actors, OPERATIONS } from './actors.js';
import { Auditor } from './auditor.js';

const OPERATION_COUNT = Number(process.env['STOWAGE_MODEL_OPERATIONS'] ?? 1_000);
const ACTORS = 8;
const WORKERS = 3;

/** One look of the observer costs more the longer the history is; it must not take the machine from those whom it observes. */
const OBSERVER_PAUSE_MS = Math.max(500, OPERATION_COUNT / 10);

describe('the ledger, whatever eight people do at once on three clusters with three workers', () => {
  let stowage: Stowage;
  let client: Client;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: WORKERS });
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  const count = async (sql: string): Promise<number> =>
    Number((await client.query<{ count: string }>(`select count(*) from ${sql}`)).rows[0]?.count);

  it(
    `is right at every committed version of ${OPERATION_COUNT} operations, and every promise is kept`,
    async () => {
      const random = Random.of('the ledger model');
      const team = await aTeam(stowage.client);
      const capacity = { cpu: 24, memoryMib: 2_000, gpu: 4 };
      const first = await TestCluster.create(team, capacity);
      const clusters = [
        first,
        await TestCluster.create(team, capacity),
        await TestCluster.create(team, capacity),
      ] as const;
      const actors = new Actors(random, clusters);
      const { auditor, stop } = await Auditor.watch(stowage.database.url);
      const observer = observeLedger(stowage.database.url, OBSERVER_PAUSE_MS);

      await atMost(ACTORS, Array.from({ length: OPERATION_COUNT }), () => actors.act()).catch(
        async (error: unknown) => {
          await Promise.allSettled([observer.stop(), stop()]);
          throw error;
        },
      );
      for (const cluster of clusters) await cluster.uncordon();
      await eventually(
        () =>
          count(
            `(select 1 from cluster_signals union all select 1 from deployments where ended_at is not null and released_at is null) rest`,
          ),
        (rest) => rest === 0,
        30_000,
      );
      await observer.stop();
      await stop();
      await assertLedgerHolds(stowage.database.url);

      // Everything that was promised is so, and nothing else.
      const { rows } = await client.query<{ id: string; status: string }>('select id, status from deployments');
      expect(rows.map(({ id }) => id).sort()).toEqual([...actors.promises.keys()].sort());
      const broken = rows.filter(({ id, status }) => {
        const outcome = actors.promises.get(id)?.outcome;
        return outcome !== null && outcome !== status;
      });
      expect(broken).toEqual([]);
      // What the service's own audit found, but for what merely came late.
      expect(await count(`ledger_findings where law <> 'settled-in-time'`)).toBe(0);

      // None of this was for nothing.
      process.stderr.write(
        `the ledger model: ${JSON.stringify(actors.tally)} ${auditor.looks} looks at ${auditor.entries} entries, ${observer.looks()} at everything\n`,
      );
      const idle = OPERATIONS.filter((operation) => operation !== 'report-stale' && actors.tally[operation].done === 0);
      expect(idle).toEqual([]);
      const neverRefused = (['submit', 'complete', 'fail', 'report-stale', 'cancel', 'shrink'] as const).filter(
        (operation) => actors.tally[operation].refused === 0,
      );
      expect(neverRefused).toEqual([]);
      expect(auditor.entries).toBeGreaterThan(OPERATION_COUNT / 5);
      expect(auditor.looks).toBeGreaterThan(20);
      expect(observer.looks()).toBeGreaterThan(3);
      expect(await count(`deployments where status = 'timed_out'`)).toBeGreaterThan(0);
      expect(await count(`passes where placed > 0 and released > 0`)).toBeGreaterThan(0);
    },
    60_000 + OPERATION_COUNT * 60,
  );
});
