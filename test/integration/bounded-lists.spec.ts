import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';

/** More than one request compares. */
const MANY = 10_050;

interface Listed {
  readonly items: readonly { readonly action?: string; readonly to?: string }[];
  readonly nextCursor: string | null;
}

describe('filters of long lists', () => {
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const [rare, edited] = [await cluster.submit(), await cluster.submit()];
    await cluster.cancel(rare);
    await withClient(stowage.database.url, async (client) => {
      await client.query(
        `insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause)
         select organization_id, id, n + 1, cluster_id, 1, 'queued', 'queued', 'edited'
         from deployments, generate_series(1, $2::int) n where id = $1`,
        [edited, MANY],
      );
      await client.query(
        `insert into audit_entries (id, organization_id, occurred_at, actor_kind, actor_name, action, target_kind)
         select gen_random_uuid(), $1, now() + n * interval '1 second', 'system', 'test', 'frequent', 'test'
         from generate_series(1, $2::int) n`,
        [team.organizationId, MANY],
      );
    });
  });

  afterAll(() => stowage.stop());

  /** All pages from a path on. */
  const pagesOf = async (path: string): Promise<Listed[]> => {
    const pages: Listed[] = [];
    for (
      let cursor: string | null = '';
      cursor !== null && pages.length < 5;
      cursor = pages.at(-1)?.nextCursor ?? null
    ) {
      const answer = await team.admin.get<Listed>(`${path}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      pages.push(answer.body);
    }
    return pages;
  };

  it.each([
    ['events by status', '/events?status=cancelled&sort=newest', 1],
    ['events by a status that none has', '/events?status=failed&sort=oldest', 0],
    ['audit entries by action', '/audit?action=cluster_create', 1],
    ['audit entries by an action that none has', '/audit?action=none', 0],
  ])('bounds the comparison of %s, and continues on the next page', async (_, path, found) => {
    const pages = await pagesOf(`${team.path}${path}`);
    expect(pages.map(({ items }) => items.length)).toEqual([0, found]);
    expect(pages.map(({ nextCursor }) => nextCursor === null)).toEqual([false, true]);
  });

  it('fills a page of all events, and of all audit entries', async () => {
    for (const path of ['/events?limit=100', '/audit?limit=100']) {
      const { body } = await team.admin.get<Listed>(`${team.path}${path}`);
      expect([body.items.length, body.nextCursor === null]).toEqual([100, false]);
    }
  });
});
