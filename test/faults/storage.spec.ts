import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { aDeployment, TestCluster } from '../support/clusters.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';

const LIMIT = 8 * 1024 * 1024;
const SPEC = { text: 'x'.repeat(15_000) };
const BATCH = 100;

describe('an organization that stores as much as it can', () => {
  let stowage: Stowage;
  let [greedy, other]: readonly Team[] = [];

  beforeAll(async () => {
    stowage = await Stowage.start({ STOWAGE_LIMIT_BYTES: String(LIMIT) });
    [greedy, other] = [await aTeam(stowage.client, 'Greedy'), await aTeam(stowage.client)];
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const clusterOf = async (team: Team | undefined): Promise<TestCluster> => {
    if (team === undefined) throw new Error('no team');
    return TestCluster.create(team, { cpu: 1_000 });
  };

  it('meets its limit while nothing of another organization is refused, and can still end its work', async () => {
    const [full, free] = [await clusterOf(greedy), await clusterOf(other)];
    let isFull = false;
    const fill = async (): Promise<number> => {
      const deployments = Array.from({ length: BATCH }, () => aDeployment({ spec: SPEC }));
      for (let stored = 0; ; stored += BATCH) {
        const { status, body } = await full.team.developer.post(`${full.path}/deployments/batch`, { deployments });
        if (status === 201) continue;
        expect({ status, body }).toMatchObject({ status: 409, body: { code: 'ORGANIZATIONS.BYTES_LIMIT_REACHED' } });
        isFull = true;
        return stored;
      }
    };
    const submitMeanwhile = async (): Promise<string[]> => {
      const ids: string[] = [];
      while (!isFull || ids.length < 10) ids.push(await free.submit({ spec: SPEC }));
      return ids;
    };
    const [stored, ids] = await Promise.all([fill(), submitMeanwhile()]);
    expect(stored).toBe(Math.floor(LIMIT / (15_000 + 2_200) / BATCH) * BATCH);
    expect(ids.length).toBeGreaterThanOrEqual(10);

    const { body } = await full.team.viewer.get<{ items: { id: string }[] }>(`${full.team.path}/deployments`);
    const [first, second] = body.items;
    expect((await full.cancel(first?.id ?? '')).status).toBe(200);
    expect((await full.cancel(second?.id ?? '')).status).toBe(200);
    expect((await free.cancel(ids[0] ?? '')).status).toBe(200);
  });
});
