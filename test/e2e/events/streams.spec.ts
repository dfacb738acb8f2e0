import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { EventReader, followFromNow, type Message } from '../../support/event-reader.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import { aMember, aTeam, type Person, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

/** A cluster that starts nothing, so that what happens is only what a test does. */
async function aQuietCluster(team: Team): Promise<TestCluster> {
  const cluster = await TestCluster.create(team, { cpu: 1_000_000 });
  await cluster.cordon();
  return cluster;
}

const idsIn = (messages: readonly Message[]): unknown[] => messages.map(({ data }) => data['id']);

describe('streams of events', () => {
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({ STOWAGE_STREAM_HEARTBEAT_SECONDS: '1', STOWAGE_STREAM_CHECK_SECONDS: '1' });
    team = await aTeam(stowage.client);
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  const open = (path: string, by: Person = team.viewer, headers: Record<string, string> = {}): Promise<EventReader> =>
    EventReader.open(`${stowage.client.url}${path}`, by.token, headers);

  const eventsPath = (query = ''): string => `${team.path}/events${query}`;

  /** The ids of all events of a cluster, as the table orders them. */
  const inTheTable = (cluster: TestCluster): Promise<string[]> =>
    withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `select stamp || '-' || position as id from deployment_events where cluster_id = $1 order by stamp, position`,
        [cluster.id],
      );
      return rows.map(({ id }) => id);
    });

  /** Takes back an event that a test made up, without a trace: nothing was pruned. */
  const forget = (deploymentId: string, sequence: number): Promise<unknown> =>
    withClient(stowage.database.url, async (client) => {
      await client.query(`set session_replication_role = replica`);
      await client.query(`delete from deployment_events where deployment_id = $1 and sequence = $2`, [
        deploymentId,
        sequence,
      ]);
    });

  it('streams events from now on, each as a message in the form of the list', async () => {
    const cluster = await TestCluster.create(team, { cpu: 2 });
    await cluster.submit();
    const reader = await open(eventsPath(`?clusterId=${cluster.id}`));
    expect(reader.contentType).toBe('text/event-stream; charset=utf-8');
    await eventually(
      () => Promise.resolve(reader.lastId),
      (id) => id !== undefined,
    );
    await eventually(
      () => cluster.read(),
      ({ allocated }) => allocated.cpu === 1,
    );
    const id = await cluster.submit();
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    await cluster.complete(id);
    await eventually(
      () => Promise.resolve(reader.data.filter(({ deploymentId }) => deploymentId === id)),
      (data) => data.length === 3,
    );
    reader.close();
    const list = await team.viewer.get<{ items: Record<string, unknown>[] }>(`${cluster.deploymentPath(id)}/events`);
    const told = reader.messages.filter(({ data }) => data['deploymentId'] === id);
    expect(told.map(({ data }) => data)).toEqual(list.body.items);
    expect(told.map((message) => message.id)).toEqual(idsIn(told));
    expect(list.body.items).toMatchObject([
      {
        type: 'deployment.queued',
        sequence: 1,
        attempt: 1,
        from: null,
        to: 'queued',
        cause: 'submitted',
        actorId: team.developer.id,
        passId: null,
      },
      { type: 'deployment.scheduled', sequence: 2, from: 'queued', to: 'scheduled', cause: 'placed', actorId: null },
      {
        type: 'deployment.succeeded',
        sequence: 3,
        from: 'scheduled',
        to: 'succeeded',
        cause: 'reported',
        actorId: team.admin.id,
      },
    ]);
    expect(reader.asides).toContain('retry: 1000');
  });

  it('loses and repeats no event: 10,000 events, 20 cut connections', async () => {
    const cluster = await aQuietCluster(team);
    const heard: Message[] = [];
    const start = await open(eventsPath(`?clusterId=${cluster.id}`));
    await eventually(
      () => Promise.resolve(start.lastId),
      (id) => id !== undefined,
    );
    let lastId = start.lastId ?? '';
    start.close();

    const writing = (async () => {
      for (let batch = 0; batch < 20; batch++) {
        await cluster.submitBatch(Array.from({ length: 500 }, () => ({})));
      }
    })();
    for (let cut = 1; cut <= 21; cut++) {
      const reader = await open(eventsPath(`?clusterId=${cluster.id}`), team.viewer, { 'last-event-id': lastId });
      const goal = cut === 21 ? 10_000 - heard.length : Math.min(400, 9_000 - heard.length + cut);
      await reader.until(goal, 60_000);
      reader.close();
      heard.push(...reader.messages);
      lastId = reader.messages.at(-1)?.id ?? lastId;
    }
    await writing;
    expect(idsIn(heard)).toEqual(await inTheTable(cluster));
    expect(new Set(idsIn(heard)).size).toBe(10_000);
  });

  it('waits for an open transaction, and then streams all events in one order', async () => {
    const cluster = await aQuietCluster(team);
    const [late = ''] = await cluster.submitBatch([{}]);
    const [resumed = ''] = await inTheTable(cluster);
    const live = await open(eventsPath(`?clusterId=${cluster.id}&lastEventId=${resumed}`));
    const client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    try {
      await client.query('begin');
      // A transaction that wrote something before the others and commits after them, as a long pass does.
      await client.query(
        `insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause, pass_id)
         values ($1, $2, 2, $3, 1, 'queued', 'queued', 'edited', $4)`,
        [team.organizationId, late, cluster.id, newId()],
      );
      await cluster.submitBatch(Array.from({ length: 50 }, () => ({})));
      await sleep(1_500);
      expect(live.messages.filter(({ data }) => data['sequence'] === 1 && data['deploymentId'] !== late)).toEqual([]);
      await client.query('commit');
    } finally {
      await client.end();
    }
    await live.until(51);
    const again = await open(eventsPath(`?clusterId=${cluster.id}&lastEventId=${resumed}`));
    await again.until(51);
    expect(idsIn(live.messages)).toEqual((await inTheTable(cluster)).slice(1));
    expect(again.messages).toEqual(live.messages);
    expect(live.data[0]).toMatchObject({ deploymentId: late, sequence: 2 });
    live.close();
    again.close();
    await forget(late, 2);
  });

  it('orders the event of a long transaction after events that were committed before its statement', async () => {
    const cluster = await aQuietCluster(team);
    const [id = ''] = await cluster.submitBatch([{}]);
    const client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    try {
      await client.query('begin');
      await client.query('select pg_current_xact_id()');
      await cluster.cancel(id);
      await client.query(
        `insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause, pass_id)
         values ($1, $2, 3, $3, 1, 'stopping', 'cancelled', 'grace-over', $4)`,
        [team.organizationId, id, cluster.id, newId()],
      );
      await client.query('commit');
      const { rows } = await client.query<{ sequence: number }>(
        `select sequence from deployment_events where deployment_id = $1 order by stamp, position`,
        [id],
      );
      expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    } finally {
      await client.end();
    }
    await forget(id, 3);
  });

  it('follows the pace of a paused reader, which gets all events later, and delays no other stream', async () => {
    const cluster = await aQuietCluster(team);
    const slow = await open(eventsPath(`?clusterId=${cluster.id}`));
    const quick = await open(eventsPath(`?clusterId=${cluster.id}`));
    await eventually(
      () => Promise.resolve(quick.lastId !== undefined && slow.lastId !== undefined),
      (isThere) => isThere,
    );
    slow.pause();
    // More than the shared window and all buffers on the way hold.
    for (let batch = 0; batch < 12; batch++) await cluster.submitBatch(Array.from({ length: 1_000 }, () => ({})));
    await quick.until(12_000, 60_000);
    expect(slow.messages.length).toBeLessThan(12_000);
    slow.resume();
    await slow.until(12_000, 60_000);
    expect(slow.messages).toEqual(quick.messages);
    expect(idsIn(slow.messages)).toEqual(await inTheTable(cluster));
    slow.close();
    quick.close();
  });

  it('sends heartbeats with an id to resume from while no event matches', async () => {
    const [watched, busy] = [await aQuietCluster(team), await aQuietCluster(team)];
    const reader = await open(eventsPath(`?clusterId=${watched.id}`));
    await eventually(
      () => Promise.resolve(reader.lastId),
      (id) => id !== undefined,
    );
    const first = reader.lastId;
    await busy.submit();
    await eventually(
      () => Promise.resolve(reader),
      ({ asides, lastId }) => asides.filter((line) => line === ': still here').length >= 2 && lastId !== first,
    );
    expect(reader.messages).toEqual([]);
    reader.close();
  });

  it('streams only events that match the filter', async () => {
    const cluster = await aQuietCluster(team);
    const [kept = '', cancelled = ''] = await cluster.submitBatch([{}, {}]);
    const newest = await team.viewer.get<{ items: { id: string }[] }>(eventsPath('?sort=oldest&limit=1'));
    const from = `lastEventId=${newest.body.items[0]?.id ?? ''}`;
    await cluster.cancel(cancelled);
    const of = async (query: string, count: number): Promise<unknown[]> => {
      const reader = await open(eventsPath(`?${from}&${query}`));
      await reader.until(count);
      reader.close();
      return reader.data.map(({ deploymentId, to }) => [deploymentId, to]);
    };
    expect(await of(`clusterId=${cluster.id}&status=cancelled`, 1)).toEqual([[cancelled, 'cancelled']]);
    expect(await of(`deploymentId=${kept}`, 1)).toEqual([[kept, 'queued']]);
    expect(await of(`clusterId=${cluster.id}`, 3)).toEqual([
      [kept, 'queued'],
      [cancelled, 'queued'],
      [cancelled, 'cancelled'],
    ]);
    const alone = await open(`${cluster.deploymentPath(cancelled)}/events?${from}`);
    await alone.until(2);
    alone.close();
    expect(alone.data.map(({ sequence, to }) => [sequence, to])).toEqual([
      [1, 'queued'],
      [2, 'cancelled'],
    ]);
  });

  it('streams events of every process in every process, with two APIs and a worker', async () => {
    const other = await stowage.addApi();
    const cluster = await TestCluster.create(team, { cpu: 10 });
    const reader = await followFromNow(stowage, eventsPath(`?clusterId=${cluster.id}`), team.viewer.token, other);
    const id = await cluster.submit();
    await reader.until(2);
    expect(reader.data).toMatchObject([
      { deploymentId: id, to: 'queued' },
      { deploymentId: id, to: 'scheduled' },
    ]);
    reader.close();
  });

  describe('end', () => {
    const endOf = async (reader: EventReader): Promise<unknown> => {
      const messages = await reader.untilEnded();
      return messages.filter(({ type }) => type === 'end').map(({ data }) => data['code']);
    };

    it('ends a stream when its reader is no longer a member', async () => {
      const cluster = await aQuietCluster(team);
      const member = await aMember(team, 'viewer');
      const reader = await open(eventsPath(), member);
      await team.admin.delete(`${team.path}/members/${member.id}`);
      expect(await endOf(reader)).toEqual(['ORGANIZATIONS.NOT_FOUND']);
      const heard = reader.messages.length;
      await cluster.submit();
      expect(reader.messages).toHaveLength(heard);
    });

    it('ends a stream when its token is deleted', async () => {
      const token = await team.viewer.post<{ id: string; token: string }>('/v1/me/tokens', {
        name: 'stream',
        organizationId: team.organizationId,
        role: 'viewer',
      });
      const reader = await EventReader.open(`${stowage.client.url}${eventsPath()}`, token.body.token);
      await team.viewer.delete(`/v1/me/tokens/${token.body.id}`);
      expect(await endOf(reader)).toEqual(['AUTH.UNAUTHENTICATED']);
    });

    it('ends a stream of a cluster that becomes restricted, and hides its events from other streams', async () => {
      const [hidden, seen] = [await aQuietCluster(team), await aQuietCluster(team)];
      const [one, all] = [await open(eventsPath(`?clusterId=${hidden.id}`)), await open(eventsPath())];
      const admin = await open(eventsPath(), team.admin);
      await team.admin.patch(hidden.path, { access: 'restricted' });
      expect(await endOf(one)).toEqual(['CLUSTERS.NOT_FOUND']);
      // Every stream looks once a second: what was decided before the restriction is over by now.
      await sleep(1_200);
      await hidden.submit({}, team.admin);
      const id = await seen.submit();
      await eventually(
        () => Promise.resolve(all.data),
        (data) => data.some(({ deploymentId }) => deploymentId === id),
      );
      await eventually(
        () => Promise.resolve(admin.data),
        (data) => data.some(({ deploymentId }) => deploymentId === id),
      );
      expect(all.data.filter(({ clusterId }) => clusterId === hidden.id)).toEqual([]);
      expect(admin.data.filter(({ clusterId }) => clusterId === hidden.id)).toHaveLength(1);
      await expect(open(eventsPath(`?clusterId=${hidden.id}`))).rejects.toThrow('CLUSTERS.NOT_FOUND');
      all.close();
      admin.close();
    });
  });

  it('refuses to continue after a removed event, or an event of another copy of the database', async () => {
    const cluster = await aQuietCluster(team);
    const [old = ''] = await cluster.submitBatch([{}]);
    const first = (await team.viewer.get<{ items: { id: string }[] }>(`${cluster.deploymentPath(old)}/events`)).body
      .items[0]?.id;
    await cluster.cancel(old);
    const last = await eventually(
      async () =>
        (await team.viewer.get<{ items: { id: string; to: string }[] }>(eventsPath('?limit=1'))).body.items[0],
      (item) => item?.to === 'cancelled',
    );
    await eventually(
      () => cluster.deployment(old),
      ({ releasedAt }) => releasedAt !== null,
    );
    await withClient(stowage.database.url, (client) => client.query('delete from deployments where id = $1', [old]));
    await expect(open(eventsPath(`?lastEventId=${first ?? ''}`))).rejects.toThrow(/410 .*EVENTS.EXPIRED/);
    const answer = await team.viewer.get<{ code: string }>(eventsPath(`?lastEventId=${first ?? ''}`));
    expect(answer).toMatchObject({ status: 410, body: { code: 'EVENTS.EXPIRED' } });
    await expect(open(eventsPath('?lastEventId=9000000000000000000-1'))).rejects.toThrow('EVENTS.EXPIRED');
    const reader = await open(eventsPath(`?lastEventId=${last?.id ?? ''}`));
    reader.close();
  });

  it('refuses an invalid event id, and a cursor', async () => {
    await expect(open(eventsPath(), team.viewer, { 'last-event-id': 'x' })).rejects.toThrow('invalid-event-id');
    await expect(open(eventsPath(), team.viewer, { 'last-event-id': '1-2; drop table' })).rejects.toThrow(
      'REQUEST.INVALID',
    );
    await expect(open(eventsPath('?lastEventId=1'))).rejects.toThrow('invalid-event-id');
    const { body } = await team.viewer.get<{ nextCursor: string }>(eventsPath('?limit=1'));
    await expect(open(eventsPath(`?limit=1&cursor=${body.nextCursor}`))).rejects.toThrow('not-in-stream');
    const head = await fetch(`${stowage.client.url}${eventsPath()}`, {
      method: 'HEAD',
      headers: { accept: 'text/event-stream', authorization: `Bearer ${team.viewer.token}` },
    });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  });
});
