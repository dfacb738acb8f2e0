import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext } from '@nestjs/common';
import { Client } from 'pg';

import { Database } from '#database';
import { PredictionWriter } from '#insights/processor';
import { RuntimeLearning } from '#runtimes';

import { TestCluster } from '../../support/clusters.js';
import { aTeam, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

interface Eta {
  readonly startsAt: string | null;
  readonly likely: { readonly p10: string; readonly p50: string; readonly p90: string } | null;
}

interface Accuracy {
  readonly months: { readonly predictions: number; readonly likelyErrorSeconds: number; readonly inRange: number }[];
}

describe('likely starts', () => {
  let stowage: Stowage;
  let worker: INestApplicationContext;
  let client: Client;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    worker = await stowage.addWorker();
    Object.assign(worker.get(PredictionWriter, { strict: false }), { everyMs: 0 });
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 1 });
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  it('forecasts a likely start beside the declared one, and measures the recorded forecast against the real start', async () => {
    const learning = worker.get(RuntimeLearning, { strict: false });
    const pass = { organizationId: team.organizationId, clusterId: cluster.id, passId: cluster.id };
    const run = {
      ...{
        deploymentId: cluster.id,
        attempt: 1,
        endedMsAgo: 0,
        memberId: team.developer.id,
        image: 'docker.io/library/app',
      },
      ...{ cpuMillis: 1_000, memoryMib: 1, gpuMillis: 0, maxRuntimeSeconds: 36_000, ranSeconds: 600 },
    };
    const database = worker.get(Database);
    await database.transaction((tx) =>
      learning.learn(
        tx,
        pass,
        Array.from({ length: 10 }, () => run),
      ),
    );

    const fields = { image: 'app', maxRuntimeSeconds: 36_000 };
    const first = await cluster.submit(fields);
    await eventually(
      () => cluster.statusOf(first),
      (status) => status === 'scheduled',
    );
    const second = await cluster.submit(fields);
    const third = await cluster.submit(fields);
    const { status, body } = await team.viewer.get<{ asOf: string; items: Eta[] }>(`${cluster.path}/forecast`);
    expect(status).toBe(200);
    const from = (time: string | null | undefined): number =>
      Math.round((Date.parse(String(time)) - Date.parse(body.asOf)) / 60_000);
    expect(body.items.map(({ startsAt }) => from(startsAt))).toEqual([600, 1_200]);
    expect(body.items.map(({ likely }) => from(likely?.p50))).toEqual([10, 20]);
    for (const { likely } of body.items) {
      expect(from(likely?.p10)).toBeLessThan(from(likely?.p50));
      expect(from(likely?.p90)).toBeGreaterThan(from(likely?.p50));
    }
    const explained = await team.viewer.get<{ eta: Eta }>(`${cluster.deploymentPath(second)}/explanation?eta=full`);
    expect(explained.status).toBe(200);
    expect(from(explained.body.eta.likely?.p50)).toBe(10);

    const recorded = async (): Promise<Record<string, number | null>> => {
      const { rows } = await client.query<{ id: string; real: number | null }>(
        'select deployment_id as id, real_ms::float8 as real from start_predictions where cluster_id = $1',
        [cluster.id],
      );
      return Object.fromEntries(rows.map(({ id, real }) => [id, real]));
    };
    await eventually(recorded, (found) => second in found);
    await cluster.complete(first);
    await eventually(recorded, (found) => typeof found[second] === 'number');
    await cluster.cancel(third);
    await eventually(recorded, (found) => !(third in found));
    const { months } = (await team.viewer.get<Accuracy>(`${cluster.path}/forecast/accuracy`)).body;
    expect(months).toMatchObject([{ predictions: 1, inRange: 0 }]);
    expect(months[0]?.likelyErrorSeconds).toBeGreaterThan(500);
  });
});
