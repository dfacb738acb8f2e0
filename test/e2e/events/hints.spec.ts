import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ChangeHints, Nudges } from '#queue';

import { TestCluster } from '../../support/clusters.js';
import { type EventReader, followFromNow } from '../../support/event-reader.js';
import { ManualPasses } from '../../support/manual-passes.js';
import { aTeam, type Team } from '../../support/people.js';
import { RedisServer } from '../../support/redis-server.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

const follow = (stowage: Stowage, team: Team, cluster: TestCluster): Promise<EventReader> =>
  followFromNow(stowage, `${team.path}/events?clusterId=${cluster.id}`, team.viewer.token);

describe('streams without hints', () => {
  let redis: RedisServer;
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    redis = await RedisServer.start();
    stowage = await Stowage.start({ REDIS_URL: redis.url });
    team = await aTeam(stowage.client);
  });

  afterAll(async () => {
    await stowage.stop();
    await redis.kill();
  });

  it('streams all events from the table without any hint', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const reader = await follow(stowage, team, cluster);
    // Every hint is lost from here on, and passes are found by the sweep.
    await redis.kill();
    const id = await cluster.submit();
    await reader.until(2);
    await cluster.complete(id);
    await reader.until(3);
    await redis.restart();
    reader.close();
    expect(reader.data.map(({ deploymentId, to }) => [deploymentId, to])).toEqual([
      [id, 'queued'],
      [id, 'scheduled'],
      [id, 'succeeded'],
    ]);
  });
});

describe('hints', () => {
  let stowage: Stowage;
  let passes: ManualPasses;
  let team: Team;
  const heard: string[] = [];
  let unlisten: () => void;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    passes = await ManualPasses.of(stowage);
    team = await aTeam(stowage.client);
    const hints = stowage.api.get(ChangeHints, { strict: false });
    unlisten = hints.listen((clusterId) => heard.push(clusterId));
    // A message before the subscription would be lost.
    await eventually(
      () => {
        hints.changed('probe');
        return Promise.resolve(heard.length);
      },
      (count) => count > 0,
    );
  });

  afterAll(async () => {
    unlisten();
    await passes.stop();
    await stowage.stop();
  });

  const isHeardOf = (cluster: TestCluster): Promise<unknown> =>
    eventually(
      () => Promise.resolve([...heard]),
      (ids) => ids.includes(cluster.id),
    );

  /** A new cluster with a submitted deployment. */
  const aSilentCluster = async (): Promise<{ cluster: TestCluster; id: string }> => {
    const nudges = stowage.api.get(Nudges, { strict: false });
    const { nudge } = nudges;
    nudges.nudge = () => undefined;
    try {
      const cluster = await TestCluster.create(team, { cpu: 1 });
      return { cluster, id: await cluster.submit() };
    } finally {
      nudges.nudge = nudge;
    }
  };

  it('sends a hint for a reported start, which needs no pass', async () => {
    const { cluster, id } = await aSilentCluster();
    await passes.run(cluster.id);
    expect(heard).not.toContain(cluster.id);
    const { status } = await team.admin.post(`${cluster.deploymentPath(id)}/start`, {});
    expect(status).toBe(200);
    await isHeardOf(cluster);
  });

  it('sends a hint for passes that the sweep runs', async () => {
    const { cluster, id } = await aSilentCluster();
    expect(heard).not.toContain(cluster.id);
    await passes.sweep();
    expect((await cluster.deployment(id)).status).toBe('scheduled');
    await isHeardOf(cluster);
  });
});
