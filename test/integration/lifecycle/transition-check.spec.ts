import { describe, expect, it } from '@jest/globals';

import { DEPLOYMENT_STATUSES, type Transition, TRANSITIONS } from '#deployments';

import { createTestDatabase, withClient } from '../../support/database.js';

/** The event without a status before it. */
const NOTHING = '-';

const ALL: readonly Transition[] = Object.values(TRANSITIONS);

describe('the events of deployments', () => {
  it('refuses every transition that is not in the table, and accepts every other', async () => {
    const database = await createTestDatabase();
    try {
      const accepted = await withClient(database.url, async (client) => {
        await client.query(`
          create function tried(status_before text, status_after text, why text) returns boolean language plpgsql as $$
          begin
            insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause)
            values (gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 1, status_before, status_after, why);
            return true;
          exception when check_violation then return false;
          end $$`);
        // Without foreign keys, which are triggers: checks stay.
        await client.query('set session_replication_role = replica');
        const { rows } = await client.query<{ triple: string }>(
          `select concat_ws(' ', coalesce(f, '${NOTHING}'), t, c) as triple
           from unnest($1::text[] || null::text) f cross join unnest($1::text[]) t cross join unnest($2::text[]) c
           where tried(f, t, c)`,
          [
            [...DEPLOYMENT_STATUSES, 'unknown'],
            [...new Set(ALL.map(({ cause }) => cause)), 'unknown', ''],
          ],
        );
        return rows.map(({ triple }) => triple);
      });
      const expected = ALL.flatMap(({ from, to, cause }) =>
        (from.length === 0 ? [NOTHING] : from).map((status) => `${status} ${to} ${cause}`),
      );
      expect(accepted.sort()).toEqual(expected.sort());
    } finally {
      await database.drop();
    }
  });
});
