import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PlannerClient } from '#scheduler';

import { TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { Stowage } from '../support/stowage.js';

describe('an answer to a what-if request', () => {
  let stowage: Stowage;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
  });
  afterAll(() => stowage.proveAndStop());

  it('names the deployments that waited at the moment of its plan, when the oldest leaves the queue meanwhile', async () => {
    const team = await aTeam(stowage.client);
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    const oldest = await cluster.submit();
    await cluster.submit();
    const planner = stowage.api.get(PlannerClient, { strict: false });
    const ask = planner.ask.bind(planner);
    planner.ask = async (actor, task, input, budgetMs) => {
      const answer = await ask(actor, task, input, budgetMs);
      await team.developer.post(`${cluster.deploymentPath(oldest)}/cancel`);
      return answer;
    };
    const { body } = await team.viewer.post<{ starts: string[]; placed: { after: number } }>(`${cluster.path}/plan`, {
      cordoned: false,
    });
    expect(await cluster.statusOf(oldest)).toBe('cancelled');
    expect(body).toMatchObject({ starts: [oldest], placed: { after: 1 } });
  });
});
