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

describe('streams that nobody gives a hint', () => {
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

  it('tell everything all the same, because they look at the table by themselves', async () => {
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
    // Publishing before the subscription is there would be heard by nobody.
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

  /** A cluster of which nobody has heard, in which something has been submitted. */
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

  it('are given by a start that a runtime reports, which no pass needs to look at', async () => {
    const { cluster, id } = await aSilentCluster();
    await passes.run(cluster.id);
    expect(heard).not.toContain(cluster.id);
    const { status } = await team.admin.post(`${cluster.deploymentPath(id)}/start`, {});
    expect(status).toBe(200);
    await isHeardOf(cluster);
  });

  it('are given by passes that the sweep runs', async () => {
    const { cluster, id } = await aSilentCluster();
    expect(heard).not.toContain(cluster.id);
    await passes.sweep();
    expect((await cluster.deployment(id)).status).toBe('scheduled');
    await isHeardOf(cluster);
  });
});
