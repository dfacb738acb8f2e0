import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { EventReader } from '../../support/event-reader.js';
import { aMember, aPerson, aTeam, type Person, type Team } from '../../support/people.js';
import { RedisServer } from '../../support/redis-server.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

/** Longer than any test: only a hint ends a stream earlier. */
const NEVER = '60';

/** Far below the check, and generous for a busy machine. */
const SOON_MS = 10_000;

interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const openStream = async (url: string, token: string): Promise<EventReader> => {
  const reader = await EventReader.open(url, token);
  await eventually(
    () => Promise.resolve(reader.lastId),
    (id) => id !== undefined,
  );
  return reader;
};

describe('a stream whose access ends', () => {
  let stowage: Stowage;
  let team: Team;
  let operator: Person;
  /** Another process: the change and the stream are in two. */
  let elsewhere: string;

  beforeAll(async () => {
    stowage = await Stowage.start({
      workers: 0,
      STOWAGE_STREAM_CHECK_SECONDS: NEVER,
      STOWAGE_STREAM_LIMIT_ACCOUNT: '4',
    });
    elsewhere = await stowage.addApi();
    team = await aTeam(stowage.client);
    operator = await aPerson(stowage.client, 'operator');
    await withClient(stowage.database.url, (client) =>
      client.query('update users set is_operator = true where id = $1', [operator.id]),
    );
    // A message before the subscription of the other process would be lost.
    await eventually(endsSoon, (isEnded) => isEnded);
  });

  afterAll(async () => {
    await stowage.stop();
  });

  /** Whether the stream of a session that ends has ended half a second later. */
  const endsSoon = async (): Promise<boolean> => {
    const { accessToken, refreshToken } = await signIn(team.viewer);
    const reader = await openStream(`${elsewhere}${team.path}/events`, accessToken);
    await team.viewer.post('/v1/auth/logout', { refreshToken });
    await sleep(500);
    reader.close();
    return reader.messages.length > 0;
  };

  /** Opens a stream, lets its access end, and expects its end with this code, and no event of later. */
  const expectEnd = async (
    token: string,
    end: () => Promise<unknown>,
    code: string,
    path = team.path,
  ): Promise<void> => {
    const reader = await openStream(`${elsewhere}${path}/events`, token);
    await end();
    await reader.untilEnded(SOON_MS);
    expect(reader.messages).toMatchObject([{ type: 'end', data: { code } }]);
  };

  const signIn = async ({ client, username, password }: Person): Promise<SignedIn> =>
    (await client.post<SignedIn>('/v1/auth/login', { body: { username, password } })).body;

  it('ends with the membership, by removal and by leaving', async () => {
    const [removed, leaving] = [await aMember(team), await aMember(team)];
    await expectEnd(
      removed.token,
      () => team.admin.delete(`${team.path}/members/${removed.id}`),
      'ORGANIZATIONS.NOT_FOUND',
    );
    await expectEnd(leaving.token, () => leaving.post(`${team.path}/leave`), 'ORGANIZATIONS.NOT_FOUND');
  });

  it('ends with the session, by logout and by a new password', async () => {
    const member = await aMember(team);
    const signedIn = await signIn(member);
    await expectEnd(
      signedIn.accessToken,
      () => member.post('/v1/auth/logout', { refreshToken: signedIn.refreshToken }),
      'AUTH.UNAUTHENTICATED',
    );
    const again = await signIn(member);
    const newPassword = `${member.password} again`;
    await expectEnd(
      again.accessToken,
      () => member.post('/v1/me/password', { currentPassword: member.password, newPassword }),
      'AUTH.UNAUTHENTICATED',
    );
  });

  it('ends with the API token and with the service account', async () => {
    const { organizationId, path, developer, admin } = team;
    const token = await developer.post<{ id: string; token: string }>('/v1/me/tokens', {
      name: 'stream',
      organizationId,
      role: 'viewer',
    });
    await expectEnd(token.body.token, () => developer.delete(`/v1/me/tokens/${token.body.id}`), 'AUTH.UNAUTHENTICATED');
    const account = await admin.post<{ id: string }>(`${path}/service-accounts`, { name: 'ci', role: 'developer' });
    const accountPath = `${path}/service-accounts/${account.body.id}`;
    const key = await admin.post<{ token: string }>(`${accountPath}/tokens`, { name: 'key' });
    await expectEnd(key.body.token, () => admin.delete(accountPath), 'AUTH.UNAUTHENTICATED');
  });

  it('ends with the account that an operator disables', async () => {
    const member = await aMember(team);
    await expectEnd(member.token, () => operator.post(`/v1/admin/users/${member.id}/disable`), 'AUTH.UNAUTHENTICATED');
  });

  it('ends with the organization', async () => {
    const other = await aTeam(stowage.client, 'Gone');
    await expectEnd(other.viewer.token, () => other.admin.delete(other.path), 'ORGANIZATIONS.NOT_FOUND', other.path);
  });

  it('hides a cluster after a revoked access, and ends where the stream follows this cluster alone', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const { admin, viewer } = team;
    await admin.patch(cluster.path, { access: 'restricted' });
    await admin.client.send('PUT', `${cluster.path}/access/${viewer.id}`, { token: admin.token });
    const alone = await openStream(`${elsewhere}${team.path}/events?clusterId=${cluster.id}`, viewer.token);
    const all = await openStream(`${elsewhere}${team.path}/events`, viewer.token);
    await admin.delete(`${cluster.path}/access/${viewer.id}`);
    await alone.untilEnded(SOON_MS);
    expect(alone.messages).toMatchObject([{ type: 'end', data: { code: 'CLUSTERS.NOT_FOUND' } }]);
    await cluster.submit({}, admin);
    const seen = await TestCluster.create(team, { cpu: 1 });
    const id = await seen.submit();
    await all.until(1);
    expect(all.data.map(({ deploymentId }) => deploymentId)).toEqual([id]);
    all.close();
  });

  it('refuses an account more streams than its limit, by number, and serves another account', async () => {
    const member = await aMember(team);
    const url = `${stowage.client.url}${team.path}/events`;
    const opened = await Promise.allSettled(Array.from({ length: 7 }, () => EventReader.open(url, member.token)));
    const readers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refusals = opened.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(readers).toHaveLength(4);
    expect(refusals).toHaveLength(3);
    expect(refusals[0]).toMatch(/429 .*EVENTS.STREAM_LIMIT_REACHED.*"of":"account","open":4,"limit":4/);
    (await openStream(url, team.viewer.token)).close();
    for (const reader of readers) reader.close();
    await eventually(
      () => EventReader.open(url, member.token).catch(() => undefined),
      (reader) => {
        reader?.close();
        return reader !== undefined;
      },
    );
  });
});

describe('a stream whose access ends while Redis is away', () => {
  it('ends by the check', async () => {
    const redis = await RedisServer.start();
    const stowage = await Stowage.start({ workers: 0, REDIS_URL: redis.url, STOWAGE_STREAM_CHECK_SECONDS: '2' });
    try {
      const team = await aTeam(stowage.client);
      const reader = await openStream(`${stowage.client.url}${team.path}/events`, team.viewer.token);
      await redis.kill();
      await team.admin.delete(`${team.path}/members/${team.viewer.id}`);
      await reader.untilEnded(SOON_MS);
      expect(reader.messages).toMatchObject([{ type: 'end', data: { code: 'ORGANIZATIONS.NOT_FOUND' } }]);
    } finally {
      await stowage.stop();
      await redis.kill();
    }
  });
});
