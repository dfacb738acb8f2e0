import { describe, expect, it } from '@jest/globals';

import { linesOf } from '../support/api-client.js';
import { aDeployment, TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('the field preemptible', () => {
  it("takes the value of the submission, or else the cluster's policy for the priority", async () => {
    const cluster = await TestCluster.create(team, { cpu: 8 });
    const cases = [
      { priority: 19 },
      { priority: 20 },
      { priority: 19, preemptible: false },
      { priority: 20, preemptible: true },
      {},
    ];
    const asLines = async (): Promise<string[]> => {
      const answer = await stowage.client.post(`${cluster.path}/deployments/lines`, {
        token: team.developer.token,
        rawBody: cases.map((fields) => JSON.stringify(aDeployment(fields))).join('\n'),
        headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' },
      });
      return linesOf<{ id?: string }>(answer.text).flatMap(({ id }) => id ?? []);
    };
    /** Of each case as one of a batch, as a line, and alone. */
    const answers = async (): Promise<boolean[]> => {
      const ids = [...(await cluster.submitBatch(cases)), ...(await asLines())];
      for (const fields of cases) ids.push(await cluster.submit(fields));
      const shown = await Promise.all(
        ids.map((id) => team.viewer.get<{ preemptible: boolean }>(cluster.deploymentPath(id))),
      );
      return shown.map(({ body }) => body.preemptible);
    };
    const asked = [false, false, false, true, false];
    expect(await answers()).toEqual([...asked, ...asked, ...asked]);

    await team.admin.patch(cluster.path, { policy: { preemptibleBelowPriority: 20 } });
    const decided = [true, false, false, true, false];
    expect(await answers()).toEqual([...decided, ...decided, ...decided]);

    // What is given where no priority is asked for counts as well.
    await team.admin.patch(cluster.path, { policy: { defaultPriority: 10 } });
    expect((await answers()).at(-1)).toBe(true);
    await team.admin.patch(cluster.path, { policy: { preemptibleBelowPriority: null } });
    expect((await answers()).at(-1)).toBe(false);
  });
});
