import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Random } from '../support/random.js';
import { Installation } from './installation.js';

describe('sessions that end under load', () => {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.start();
  });

  afterAll(async () => {
    await installation.stop();
  });

  it('recovers the pools and loses nothing when PostgreSQL ends sixty sessions in mid-transaction', async () => {
    const random = Random.of('sessions ended under load');
    const { pool } = installation;
    const { cluster, load } = await installation.load(random);
    let ended = 0;
    while (ended < 60) {
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name in ('stowage-api', 'stowage-worker') and state <> 'idle'
         limit 2`,
      );
      ended += rowCount ?? 0;
      await sleep(random.integer(1, 15));
    }
    await sleep(300);
    await installation.assertRecovered(cluster, load);
    // Passes and sweeps are short; a transaction that stays open was leaked.
    await sleep(2_000);
    const stuck = await pool.query(
      `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
       and state_change < clock_timestamp() - interval '2 seconds' and pid <> pg_backend_pid()`,
    );
    expect(stuck.rowCount).toBe(0);
  });
});
