import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { EventReader } from '../../support/event-reader.js';
import { aTeam, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

const NEVER = '60';

describe('a thousand streams', () => {
  const STREAMS = 1_000;
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({
      STOWAGE_STREAM_HEARTBEAT_SECONDS: NEVER,
      STOWAGE_STREAM_CHECK_SECONDS: NEVER,
      STOWAGE_STREAM_LIMIT: String(STREAMS),
      STOWAGE_STREAM_LIMIT_ACCOUNT: String(2 * STREAMS),
      STOWAGE_STREAM_LIMIT_ORGANIZATION: String(2 * STREAMS),
    });
    team = await aTeam(stowage.client);
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const transactions = (): Promise<number> =>
    withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query<{ count: string }>(
        'select xact_commit as count from pg_stat_database where datname = current_database()',
      );
      return Number(rows[0]?.count);
    });

  it('serves a thousand streams from one process with one reader of the table, and ends each with a message at shutdown', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    // It starts nothing: one submission is one event.
    await cluster.cordon();
    const url = `${stowage.client.url}${team.path}/events`;
    const readers: EventReader[] = [];
    for (let opened = 0; opened < STREAMS; opened += 50) {
      readers.push(...(await Promise.all(Array.from({ length: 50 }, () => EventReader.open(url, team.viewer.token)))));
    }
    await eventually(
      () => Promise.resolve(readers.filter(({ lastId }) => lastId === undefined).length),
      (silent) => silent === 0,
    );
    await expect(EventReader.open(url, team.viewer.token)).rejects.toThrow('503');

    // A query for each stream and second would be a thousand of them.
    const before = await transactions();
    await sleep(2_000);
    expect((await transactions()) - before).toBeLessThan(STREAMS / 2);

    const id = await cluster.submit();
    await Promise.all(readers.map((reader) => reader.until(1)));
    expect(new Set(readers.map(({ data }) => data[0]?.['deploymentId']))).toEqual(new Set([id]));

    await stowage.api.close();
    await Promise.all(readers.map((reader) => reader.untilEnded()));
    expect(readers.filter(({ asides }) => asides.some((line) => line.includes('resume elsewhere')))).toHaveLength(
      STREAMS,
    );
  });
});
