import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';
import { LedgerRepair } from '#ledger';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aPerson, aTeam, type Person, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

interface Installed {
  id: string;
  organizationId: string;
  queued: number;
  lastPassAt: string | null;
  brokenLaws: string[];
  isRepairWanted: boolean;
}

describe('clusters of the installation', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  let operator: Person;

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 1 });
    operator = await aPerson(stowage.client, 'operator');
    await withClient(stowage.database.url, (client) =>
      client.query('update users set is_operator = true where id = $1', [operator.id]),
    );
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const installed = async (): Promise<Installed | undefined> =>
    (await operator.get<{ items: Installed[] }>('/v1/admin/clusters')).body.items.find(({ id }) => id === cluster.id);

  const audited = async (action: string): Promise<unknown> =>
    withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query('select actor_id, target_id from audit_entries where action = $1', [action]);
      return rows[0] as unknown;
    });

  it('lists the clusters of all organizations to operators', async () => {
    expect(await installed()).toMatchObject({ organizationId: team.organizationId, queued: 0, brokenLaws: [] });
    expect((await team.admin.get('/v1/admin/clusters')).status).toBe(403);
  });

  it("triggers a pass on an operator's request, and records that", async () => {
    const before = (await installed())?.lastPassAt;
    const woken = await operator.post<Installed>(`/v1/admin/clusters/${cluster.id}/trigger`);
    expect({ status: woken.status, id: woken.body.id }).toEqual({ status: 200, id: cluster.id });
    await eventually(installed, (now) => now?.lastPassAt !== before);
    expect(await audited('pass_request')).toEqual({ actor_id: operator.id, target_id: cluster.id });
    expect((await operator.post(`/v1/admin/clusters/${newId()}/trigger`)).status).toBe(404);
  });

  it("repairs a ledger on an operator's request, and records that", async () => {
    await withClient(stowage.database.url, (client) =>
      client.query('update clusters set allocated_memory_mib = 1 where id = $1', [cluster.id]),
    );
    await eventually(installed, (now) => (now?.brokenLaws.length ?? 0) > 0);
    const asked = await operator.post(`/v1/admin/clusters/${cluster.id}/repair`);
    expect(asked).toMatchObject({ status: 202, body: { isRepairWanted: true } });
    expect(await audited('ledger_repair_request')).toEqual({ actor_id: operator.id, target_id: cluster.id });
    await eventually(installed, (now) => now?.isRepairWanted === false && now.brokenLaws.length === 0);
    expect((await cluster.read()).allocated.memoryMib).toBe(0);
    expect(await audited('ledger_repair')).toEqual({ actor_id: null, target_id: cluster.id });
    expect((await operator.post(`/v1/admin/clusters/${newId()}/repair`)).status).toBe(404);
  });

  it('leaves repairs to workers: the API cannot write the ledger', () => {
    expect(() => stowage.api.get(LedgerRepair, { strict: false })).toThrow(/does not exist/);
  });

  it('ends an impossible repair, and leaves a cluster whose deployments exceed the capacity unchanged', async () => {
    const full = await TestCluster.create(team, { cpu: 1 });
    await full.submit({ resources: { cpu: 1, memoryMib: 0 } });
    await eventually(full.read.bind(full), ({ allocated }) => allocated.cpu === 1);
    await withClient(stowage.database.url, async (client) => {
      await client.query('set session_replication_role = replica');
      await client.query('update deployments set cpu_millis = 2000 where cluster_id = $1', [full.id]);
    });
    expect((await operator.post(`/v1/admin/clusters/${full.id}/repair`)).status).toBe(202);
    await eventually(
      async () => (await operator.get<{ items: Installed[] }>('/v1/admin/clusters')).body.items[0],
      (now) => now?.id === full.id && !now.isRepairWanted,
    );
    expect((await full.read()).allocated.cpu).toBe(1);
  });
});
