import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import { aTeam, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

interface EventBody {
  id: string;
  deploymentId: string;
  sequence: number;
}

/** The statements that the decision record gives to those who restore a dump. */
function recipe(): string {
  const page = readFileSync(new URL('../../../docs/decisions/event-order.md', import.meta.url), 'utf8');
  const [, statements] = /```sql\n([^`]+)```/.exec(page) ?? [];
  if (statements === undefined) throw new Error('the decision record gives no statements');
  return statements;
}

describe('events of a restored dump', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  const events = async (query = ''): Promise<EventBody[]> =>
    (await team.viewer.get<{ items: EventBody[] }>(`${team.path}/events?sort=oldest&limit=100${query}`)).body.items;

  const keys = (items: readonly EventBody[]): unknown[] =>
    items.map(({ deploymentId, sequence }) => [deploymentId, sequence]);

  it('keeps restored events in their order before all later ones, by the statements of the decision record', async () => {
    const ids = await cluster.submitBatch([{}, {}, {}]);
    await cluster.cancel(ids[1] ?? '');
    const before = await eventually(
      () => events(),
      (items) => items.length === 4,
    );

    // What a dump brings: stamps of a server whose transactions had come further.
    await withClient(stowage.database.url, (client) =>
      client.query(`update deployment_events set stamp = (stamp::text::bigint + 4000000000)::text::xid8`),
    );
    expect(await events()).toEqual([]);
    await withClient(stowage.database.url, (client) => client.query(recipe()));
    expect(keys(await events())).toEqual(keys(before));

    const id = await cluster.submit();
    const after = await eventually(
      () => events(),
      (items) => items.length === 5,
    );
    expect(keys(after)).toEqual([...keys(before), [id, 1]]);
    expect(keys(await events(`&lastEventId=${after[3]?.id ?? ''}`))).toEqual([[id, 1]]);
  });
});
