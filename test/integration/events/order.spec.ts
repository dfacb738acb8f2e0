import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { Database, databaseOptions, MikroORM } from '#database';
import { compare, eventIdOf, EventLog, type EventPosition } from '#events';
import { newId } from '#kernel';

import { createTestDatabase, type TestDatabase, withClient } from '../../support/database.js';
import { Random } from '../../support/random.js';
import { eventually } from '../../support/wait.js';

const INSERT = `
  insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause)
  values ($1, $2, 1, $2, 1, 'queued', 'queued', 'edited')`;

describe('the order of events', () => {
  let own: TestDatabase;
  let other: TestDatabase;
  const opened: Database[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    own = await createTestDatabase();
    other = await createTestDatabase();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    for (const { orm } of opened.splice(0)) await orm.close(true);
  });

  afterAll(async () => {
    await own.drop();
    await other.drop();
  });

  const openLog = async (url: string, options = ''): Promise<EventLog> => {
    const given = databaseOptions({ url, poolMax: 4, applicationName: 'reader' }, []);
    const driverOptions = given.driverOptions as { readonly options: string };
    const database = new Database(
      await MikroORM.init({
        ...given,
        driverOptions: { ...driverOptions, options: `${driverOptions.options}${options}` },
      }),
    );
    opened.push(database);
    return new EventLog(database);
  };

  /** A session that writes events of no deployment. */
  const openWriter = async ({ url }: TestDatabase, name = 'writer'): Promise<Client> => {
    const client = new Client({ connectionString: url, application_name: name });
    await client.connect();
    clients.push(client);
    await client.query('set session_replication_role = replica');
    return client;
  };

  /** Follows an organization from its first event, as a stream does, until a last read after `isOver` has brought nothing. */
  const follow = async (log: EventLog, organizationId: string, isOver: () => boolean): Promise<string[]> => {
    const ids: string[] = [];
    let after: EventPosition = { stamp: 0n, position: 0n };
    for (;;) {
      const isLast = isOver();
      const { events = [] } = (await log.readOn([{ organizationId, after }], 7)).get(organizationId) ?? {};
      for (const event of events) expect(compare(event, after)).toBeGreaterThan(0);
      after = events.at(-1) ?? after;
      ids.push(...events.map(eventIdOf));
      if (isLast && events.length === 0) return ids;
    }
  };

  const idsInTheTable = (organizationId: string): Promise<string[]> =>
    withClient(own.url, async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `select stamp || '-' || position as id from deployment_events where organization_id = $1 order by stamp, position`,
        [organizationId],
      );
      return rows.map(({ id }) => id);
    });

  /** One event in a transaction of its own. */
  const writeOne = async (organizationId: string): Promise<void> => {
    const client = await openWriter(own);
    await client.query(INSERT, [organizationId, newId()]);
  };

  const isShown = async (log: EventLog, organizationId: string): Promise<boolean> => {
    const pages = await log.readOn([{ organizationId, after: { stamp: 0n, position: 0n } }], 10);
    return (pages.get(organizationId)?.events.length ?? 0) > 0;
  };

  /** Writes in transactions of random length and end. @returns how many events were committed */
  const writeAtRandom = async (random: Random, organizationId: string): Promise<number> => {
    const client = await openWriter(own);
    const pause = (): Promise<void> => sleep(random.integer(0, 12));
    let committed = 0;
    for (let round = 0; round < 40; round++) {
      const count = random.integer(1, 3);
      await client.query('begin');
      await pause();
      if (random.fraction() < 0.3) await client.query('savepoint nested');
      for (let written = 0; written < count; written++) {
        await client.query(INSERT, [organizationId, newId()]);
        if (random.fraction() < 0.4) await pause();
      }
      const end = random.pick(['rollback', 'prepare', 'commit', 'commit', 'commit', 'commit']);
      if (end === 'prepare') {
        const name = newId();
        await client.query(`prepare transaction '${name}'`);
        await pause();
        await client.query(`commit prepared '${name}'`);
      } else {
        await client.query(end);
      }
      if (end !== 'rollback') committed += count;
    }
    return committed;
  };

  it('lets followers skip and repeat no event while many transactions write and end in any order', async () => {
    const random = Random.of('the order of events');
    const log = await openLog(own.url);
    const organizationId = newId();
    let isWriting = true;
    const followers = [1, 2].map(() => follow(log, organizationId, () => !isWriting));
    const elsewhere = (async () => {
      const client = await openWriter(other);
      while (isWriting) {
        await client.query('begin');
        await client.query(INSERT, [organizationId, newId()]);
        await sleep(random.integer(0, 30));
        await client.query(random.pick(['commit', 'rollback']));
      }
    })();
    const counts = await Promise.all([1, 2, 3, 4].map(() => writeAtRandom(random, organizationId)));
    isWriting = false;
    await elsewhere;
    const committed = counts.reduce((sum, count) => sum + count, 0);
    const all = await idsInTheTable(organizationId);
    expect(all).toHaveLength(committed);
    for (const ids of await Promise.all(followers)) expect(ids).toEqual(all);
  });

  it('waits for no transaction of another database, open or prepared', async () => {
    const log = await openLog(own.url);
    const organizationId = newId();
    const open = await openWriter(other);
    await open.query('begin');
    await open.query(INSERT, [newId(), newId()]);
    const prepared = await openWriter(other);
    const name = newId();
    await prepared.query('begin');
    await prepared.query(INSERT, [newId(), newId()]);
    await prepared.query(`prepare transaction '${name}'`);
    try {
      await writeOne(organizationId);
      expect(await isShown(log, organizationId)).toBe(true);
      expect(await log.holder()).toBeNull();
    } finally {
      await prepared.query(`rollback prepared '${name}'`);
    }
  });

  it('waits for an open transaction of this database, and names its session', async () => {
    const log = await openLog(own.url);
    const organizationId = newId();
    const open = await openWriter(own, 'a long import');
    await open.query('begin');
    await open.query(INSERT, [newId(), newId()]);
    await writeOne(organizationId);
    expect(await isShown(log, organizationId)).toBe(false);
    const { rows } = await open.query<{ pid: number }>('select pg_backend_pid() as pid');
    expect(await log.holder()).toMatchObject({ pid: rows[0]?.pid, name: 'a long import', seconds: expect.any(Number) });
    await open.query('commit');
    expect(await isShown(log, organizationId)).toBe(true);
    expect(await log.holder()).toBeNull();
  });

  it('waits for a prepared transaction of this database, and reads its name', async () => {
    const log = await openLog(own.url);
    const organizationId = newId();
    const client = await openWriter(own);
    const name = newId();
    await client.query('begin');
    await client.query(INSERT, [newId(), newId()]);
    await client.query(`prepare transaction '${name}'`);
    await writeOne(organizationId);
    expect(await isShown(log, organizationId)).toBe(false);
    expect(await log.holder()).toMatchObject({ pid: null, name, seconds: expect.any(Number) });
    await client.query(`commit prepared '${name}'`);
    expect(await isShown(log, organizationId)).toBe(true);
  });

  it('keeps the order for a role that may not read the sessions of others', async () => {
    const role = `reader_${newId().replaceAll('-', '')}`;
    const admin = await openWriter(own);
    await admin.query(`create role ${role} login password 'reader'`);
    try {
      await admin.query(`grant select on deployment_events, event_horizons to ${role}`);
      const url = new URL(own.url);
      url.username = role;
      url.password = 'reader';
      const log = await openLog(url.toString());
      const organizationId = newId();
      const foreign = await openWriter(other);
      await foreign.query('begin');
      await foreign.query(INSERT, [newId(), newId()]);
      await writeOne(organizationId);
      expect(await isShown(log, organizationId)).toBe(true);
      await admin.query('begin');
      await admin.query(INSERT, [organizationId, newId()]);
      const before = await log.begin(organizationId, undefined);
      await writeOne(organizationId);
      expect(await log.holder()).toMatchObject({ name: 'writer', seconds: null });
      const pages = await log.readOn([{ organizationId, after: before }], 10);
      expect(pages.get(organizationId)).toMatchObject({ events: [], isMoreComing: true });
      await admin.query('rollback');
    } finally {
      for (const { orm } of opened.splice(0)) await orm.close(true);
      await admin.query(`drop owned by ${role}`);
      await admin.query(`drop role ${role}`);
    }
  });

  it('waits for every transaction that no session shows', async () => {
    // A server that shows a session to its own role alone: a foreign transaction cannot be told from one of this database.
    const admin = await openWriter(own);
    await admin.query('create schema hidden');
    await admin.query(
      'create view hidden.pg_stat_activity as select * from pg_catalog.pg_stat_activity where pid = pg_backend_pid()',
    );
    const log = await openLog(own.url, ' -c search_path=hidden,pg_catalog,public');
    const organizationId = newId();
    const foreign = await openWriter(other);
    await foreign.query('begin');
    await foreign.query(INSERT, [newId(), newId()]);
    await writeOne(organizationId);
    expect(await isShown(log, organizationId)).toBe(false);
    await foreign.query('rollback');
    // Other spec files have transactions of their own on this server.
    await eventually(
      () => isShown(log, organizationId),
      (shown) => shown,
    );
  });
});
