import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { aDeployment, TestCluster } from '../support/clusters.js';
import { freePort } from '../support/free-port.js';
import { holdsIn, reportingHolds } from '../support/loop-probe.js';
import { aTeam, type Team } from '../support/people.js';
import { ServedProcess } from '../support/served-process.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

/** The most items of a batch. */
const ITEMS = 10_000;

/** Processor time that one step may take: a slice has 5 ms, a statement with its parameters 10 ms, and a collection of garbage adds to both. */
const LONGEST_MS = 60;

interface Result {
  readonly id?: string;
  readonly problem?: { readonly code: string };
}

/** The items of a batch, with texts in many fields. */
const items = (count: number, fields: (index: number) => object): object[] =>
  Array.from({ length: count }, (_, index) => ({
    ...aDeployment({ labels: { index: `${index}`, team: 'vision' }, spec: { command: ['run', `"${index}"`] } }),
    ...fields(index),
  }));

const small = { resources: { cpu: 0.001, memoryMib: 1, gpu: 0 } };
const shapes = (index: number): object => ({ resources: { cpu: 1, memoryMib: 1 + index, gpu: 0 } });
const names = (index: number): object => ({ name: `named-${index}` });
const tooLarge = (): object => ({ resources: { cpu: 101, memoryMib: 1, gpu: 0 } });
const tooUrgent = (): object => ({ priority: 6 });
const noImage = (): object => ({ image: '//' });

describe('the event loop of the API', () => {
  let stowage: Stowage;
  let api: ServedProcess;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 1 });
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 100 });
    await cluster.cordon();
    await team.admin.patch(cluster.path, { policy: { priorityLimitByRole: { developer: 5 } } });
    api = new ServedProcess('api', { ...stowage.environment, ...reportingHolds(LONGEST_MS / 6) }, await freePort());
    await api.start();
    // What runs for the first time is compiled.
    for (const fields of [shapes, tooLarge]) await submit(items(2_000, fields));
  }, 120_000);

  afterAll(async () => {
    await api.stop();
    await stowage.stop();
  });

  const post = async (path: string, body: object): Promise<readonly Result[]> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${team.developer.token}` };
    const answer = await fetch(`${api.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} was answered by ${answer.status}: ${await answer.text()}`);
    return ((await answer.json()) as { results: readonly Result[] }).results;
  };

  const submit = async (deployments: readonly object[], to = cluster): Promise<readonly Result[]> =>
    post(`${to.path}/deployments/batch`, { onError: 'continue', deployments });

  const report = async (ids: readonly (string | undefined)[], of: TestCluster): Promise<readonly Result[]> =>
    post(`${of.path}/deployments/complete`, {
      reports: ids.map((id) => ({ id, outcome: 'succeeded', message: 'all "done"' })),
    });

  /** Sends a request whose items all have one result, while nothing holds the loop. @returns the ids in its results */
  const expectFree = async (expected: string, send: () => Promise<readonly Result[]>): Promise<string[]> => {
    const before = api.log.length;
    const results = await send();
    const holds = holdsIn(api.log.slice(before));
    expect(results).toHaveLength(ITEMS);
    expect([...new Set(results.map(({ problem }) => problem?.code ?? 'accepted'))]).toEqual([expected]);
    expect(Math.max(0, ...holds)).toBeLessThan(LONGEST_MS);
    return results.flatMap(({ id }) => id ?? []);
  };

  it.each<[string, string, (index: number) => object]>([
    ['of as many shapes is accepted', 'accepted', shapes],
    ['is accepted with a name for each item', 'accepted', names],
    ['is refused item by item for its names', 'DEPLOYMENTS.NAME_TAKEN', names],
    ['is refused item by item for its size', 'DEPLOYMENTS.EXCEEDS_CAPACITY', tooLarge],
    ['is refused item by item for its priority', 'DEPLOYMENTS.PRIORITY_ABOVE_LIMIT', tooUrgent],
    ['is refused item by item for its images', 'DEPLOYMENTS.INVALID_IMAGE', noImage],
  ])('stays free while a batch of 10,000 items %s', async (_what, expected, fields) => {
    await expectFree(expected, () => submit(items(ITEMS, fields)));
  });

  it('stays free while 10,000 reports are accepted, repeated and refused', async () => {
    const running = await TestCluster.create(team, { cpu: 100 });
    const ids = await expectFree('accepted', () =>
      submit(
        items(ITEMS, () => small),
        running,
      ),
    );
    await eventually(
      async () => (await running.read()).queue.queued,
      (queued) => queued === 0,
    );
    await expectFree('accepted', () => report(ids, running));
    await expectFree('accepted', () => report(ids, running));
    const waiting = (await submit(items(ITEMS, shapes))).map(({ id }) => id);
    await expectFree('DEPLOYMENTS.INVALID_STATE', () => report(waiting, cluster));
  });
});
