import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';

interface PageBody {
  readonly items: readonly { readonly name: string }[];
  readonly nextCursor: string | null;
}

const ROWS = 50_000;

/** Twenty requirements that every row but one meets or fails only at the last. */
const HEAVIEST = [...Array.from({ length: 19 }, (_, n) => `l${n} notin (a,b,c,d,e,f,g,h)`), 'l19 notin (common)'].join(
  ',',
);

describe('the heaviest lists of one user', () => {
  let stowage: Stowage;
  let attacker: Team;
  let victim: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    [attacker, victim] = [await aTeam(stowage.client, 'Attackers'), await aTeam(stowage.client, 'Victims')];
    const cluster = await TestCluster.create(attacker, { cpu: 1 });
    const labels = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`l${n}`, 'common']));
    await withClient(stowage.database.url, async (client) => {
      await client.query('set session_replication_role = replica');
      await client.query(
        `insert into deployments (organization_id, id, cluster_id, name, is_named, image, cpu_millis, memory_mib, gpu_millis, priority,
                                  submitted_by, queued_at, status, ended_at, released_at, labels)
         select $1, (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - $4 + n), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
                $2, case when n = 1 then 'needle' else 'hay-' || n end, true, 'app', 1, 1, 0, 50, $3, now() - ($4 - n) * interval '1 ms',
                'succeeded', now(), now(), case when n = 1 then '{}' else $5::jsonb end
         from generate_series(1, $4::int) n`,
        [attacker.organizationId, cluster.id, attacker.developer.id, ROWS, JSON.stringify(labels)],
      );
    });
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const heaviest = (cursor: string | null = null): string =>
    `${attacker.path}/deployments?label=${encodeURIComponent(HEAVIEST)}${cursor === null ? '' : `&cursor=${cursor}`}`;

  it.each(['', '&status=succeeded,failed', '&sort=oldest'])(
    'finds the one match over pages that may be empty, and ends: %s',
    async (query) => {
      const found: string[] = [];
      let pages = 0;
      for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
        const { status, body }: { status: number; body: PageBody } = await attacker.viewer.get<PageBody>(
          `${heaviest(cursor)}${query}`,
        );
        expect(status).toBe(200);
        found.push(...body.items.map(({ name }) => name));
        cursor = body.nextCursor;
        pages += 1;
      }
      expect(found).toEqual(['needle']);
      expect(pages).toBeLessThan(ROWS / 1_000);
    },
  );

  it('answers another organization meanwhile, and refuses what one account has too much', async () => {
    let isOver = false;
    const statuses: number[] = [];
    const attack = async (): Promise<void> => {
      while (!isOver) statuses.push((await attacker.viewer.get(heaviest())).status);
    };
    const attacks = Array.from({ length: 40 }, attack);
    const durations: number[] = [];
    for (let count = 0; count < 50; count++) {
      const beganMs = performance.now();
      const { status } = await victim.viewer.get(count % 2 === 0 ? victim.path : `${victim.path}/deployments`);
      durations.push(performance.now() - beganMs);
      expect(status).toBe(200);
    }
    isOver = true;
    await Promise.all(attacks);
    process.stderr.write(`slowest answer to the victim: ${Math.round(Math.max(...durations))} ms\n`);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(Math.max(...durations)).toBeLessThan(3_000);
  });
});
