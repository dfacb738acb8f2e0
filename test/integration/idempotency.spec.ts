import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';

import { newId } from '#kernel';
import { Database, databaseOptions, rowsOf, sql } from '#database';
import { BackgroundTasks } from '#background';
import { Idempotency, IdempotencyRetention, KeyedRequest } from '#http';

import { createTestDatabase, type TestDatabase, withClient } from '../support/database.js';
import { testSettings } from '../support/settings.js';
import { eventually } from '../support/wait.js';

interface Thing {
  readonly id: string;
}

/** A process of its own, with no more than a connection or two. */
interface Process {
  readonly database: Database;
  readonly idempotency: Idempotency;
  close(): Promise<void>;
}

const TOKEN_SECRET = randomBytes(32).toString('base64url');

async function aProcess(url: string, poolMax = 1, secret = TOKEN_SECRET): Promise<Process> {
  const orm = await MikroORM.init(databaseOptions({ url, poolMax, applicationName: 'stowage-test' }, []));
  const database = new Database(orm);
  return {
    database,
    idempotency: new Idempotency(database, testSettings(url, { STOWAGE_TOKEN_SECRET: secret })),
    close: () => orm.close(true),
  };
}

/** A request, and how often it was told that its answer is an old one. */
function aRequest(key: string, target = 'POST /things'): KeyedRequest & { replays: number } {
  const request = new KeyedRequest(key, target, { body: undefined, headers: {} }, { header: () => undefined as never });
  const counted = Object.assign(request, { replays: 0 });
  request.markReplayed = () => void (counted.replays += 1);
  return counted;
}

/** Opened by the test when the work may go on. */
function aGate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a request with a key', () => {
  const principal = newId();
  let testDatabase: TestDatabase;
  let one: Process;
  let other: Process;
  let made: number;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    await withClient(testDatabase.url, (client) => client.query('create table things (id uuid primary key)'));
    one = await aProcess(testDatabase.url);
    other = await aProcess(testDatabase.url);
  });

  afterAll(async () => {
    await one.close();
    await other.close();
    await testDatabase.drop();
  });

  beforeEach(async () => {
    await withClient(testDatabase.url, (client) => client.query('truncate things, idempotent_answers'));
    made = 0;
  });

  const things = (): Promise<string[]> =>
    withClient(testDatabase.url, async (client) => {
      const { rows } = await client.query<Thing>('select id from things');
      return rows.map(({ id }) => id);
    });

  /** Makes a thing in a transaction of its own, as a use case does that knows nothing of keys. */
  const make = async ({ database }: Process, until: Promise<void> = Promise.resolve()): Promise<Thing> => {
    made += 1;
    const id = newId();
    await database.transaction(async (tx) => {
      await rowsOf(tx, sql`insert into things (id) values (${id})`);
      await until;
    });
    return { id };
  };

  it('runs once for many simultaneous requests, on one connection', async () => {
    const requests = Array.from({ length: 100 }, () => aRequest('a'));
    const answers = await Promise.all(
      requests.map((request) => one.idempotency.once(request, principal, () => make(one))),
    );
    const [id] = await things();
    expect(answers).toEqual(Array.from({ length: 100 }, () => ({ id })));
    expect(made).toBe(1);
    expect(requests.reduce((sum, { replays }) => sum + replays, 0)).toBe(99);
  });

  it('waits for the same request in another process, and holds no connection meanwhile', async () => {
    const gate = aGate();
    const first = one.idempotency.once(aRequest('a'), principal, () => make(one, gate.opened));
    await eventually(
      () => Promise.resolve(made),
      (count) => count === 1,
    );
    const again = aRequest('a');
    const second = other.idempotency.once(again, principal, () => make(other));
    // The other process has one connection, which its waiting request leaves to others.
    for (let i = 0; i < 20; i++) await rowsOf(other.database.reader(), sql`select 1`);
    gate.open();
    expect(await second).toEqual(await first);
    expect([made, again.replays, await things()]).toEqual([1, 1, [(await first).id]]);
  });

  it('answers with a retry when the first request takes longer than two seconds', async () => {
    const gate = aGate();
    const first = one.idempotency.once(aRequest('a'), principal, () => make(one, gate.opened));
    await eventually(
      () => Promise.resolve(made),
      (count) => count === 1,
    );
    const late = await Promise.allSettled([
      one.idempotency.once(aRequest('a'), principal, () => make(one)),
      other.idempotency.once(aRequest('a'), principal, () => make(other)),
    ]);
    const busy = { code: 'REQUEST.IDEMPOTENCY_KEY_BUSY', facts: { retryAfterSeconds: 1 } };
    expect(late).toMatchObject([{ reason: busy }, { reason: busy }]);
    gate.open();
    expect(await other.idempotency.once(aRequest('a'), principal, () => make(other))).toEqual(await first);
    expect(made).toBe(1);
  });

  it('stores nothing of a refused request, and runs when repeated', async () => {
    const refuse = async (): Promise<Thing> => {
      await make(one);
      throw new Error('refused');
    };
    const twice = await Promise.allSettled([1, 2].map(() => one.idempotency.once(aRequest('a'), principal, refuse)));
    expect(twice.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await things()).toEqual([]);
    const done = await one.idempotency.once(aRequest('a'), principal, () => make(one));
    expect(await things()).toEqual([done.id]);
  });

  it('leaves neither effect nor answer when its session is ended', async () => {
    const gate = aGate();
    const first = one.idempotency.once(aRequest('a'), principal, () => make(one, gate.opened));
    const lost = expect(first).rejects.toThrow();
    await eventually(
      () => Promise.resolve(made),
      (count) => count === 1,
    );
    await withClient(testDatabase.url, (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'stowage-test' and state = 'idle in transaction'`,
      ),
    );
    gate.open();
    await lost;
    expect(await things()).toEqual([]);
    const done = await other.idempotency.once(aRequest('a'), principal, () => make(other));
    expect(await things()).toEqual([done.id]);
  });

  it('separates users, targets and keys, and refuses another body under the same key', async () => {
    const first = await one.idempotency.once(aRequest('a'), principal, () => make(one));
    const others = [
      await one.idempotency.once(aRequest('a'), newId(), () => make(one)),
      await one.idempotency.once(aRequest('a', 'POST /others'), principal, () => make(one)),
      await one.idempotency.once(aRequest('b'), principal, () => make(one)),
    ];
    expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(4);
    const changed = aRequest('a');
    changed.digest = () => Buffer.from('another');
    await expect(one.idempotency.once(changed, principal, () => make(one))).rejects.toMatchObject({
      code: 'REQUEST.IDEMPOTENCY_KEY_REUSED',
    });
    expect(made).toBe(4);
  });

  it('stores an answer that cannot be read from the database alone', async () => {
    const secret = 'shown-once-and-never-again';
    const answer = await one.idempotency.once(aRequest('a'), principal, () => Promise.resolve({ secret }));
    expect(await other.idempotency.once(aRequest('a'), principal, () => make(other))).toEqual(answer);
    await withClient(testDatabase.url, async (client) => {
      const { rows } = await client.query<{ row: string }>(
        `select encode(id, 'escape') || encode(request_digest, 'escape') || encode(answer, 'escape') as row from idempotent_answers`,
      );
      expect(rows).toHaveLength(1);
      expect(rows[0]?.row).not.toContain('shown-once');
    });
    const renewed = await aProcess(testDatabase.url, 1, randomBytes(32).toString('base64url'));
    await expect(renewed.idempotency.once(aRequest('a'), principal, () => make(renewed))).rejects.toMatchObject({
      code: 'REQUEST.IDEMPOTENT_ANSWER_LOST',
    });
    await renewed.close();
    expect(made).toBe(0);
  });

  it('runs after-commit actions after the commit, and none without a commit', async () => {
    const seen: string[] = [];
    const watched = async (): Promise<Thing> => {
      const thing = await make(one);
      one.database.afterCommit(() => seen.push('committed'));
      seen.push('done');
      return thing;
    };
    await one.idempotency.once(aRequest('a'), principal, watched);
    expect(seen).toEqual(['done', 'committed']);
    const refused = one.idempotency.once(aRequest('b'), principal, async () => {
      await watched();
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect(seen).toEqual(['done', 'committed', 'done']);
  });

  it('reads its own writes', async () => {
    const seen = await one.idempotency.once(aRequest('a'), principal, async () => {
      const { id } = await make(one);
      return { rows: await rowsOf(one.database.reader(), sql`select 1 from things where id = ${id}`) };
    });
    expect(seen.rows).toHaveLength(1);
  });

  it('removes answers after a day, in small batches', async () => {
    await withClient(testDatabase.url, (client) =>
      client.query(
        `insert into idempotent_answers (id, request_digest, answer, created_at)
         select int4send(i), '', '', now() - case when i <= 2500 then interval '24 hours 1 second' else interval '23 hours 59 minutes' end
         from generate_series(1, 2600) i`,
      ),
    );
    expect(await new IdempotencyRetention(one.database, new BackgroundTasks()).prune()).toBe(2_500);
    await withClient(testDatabase.url, async (client) => {
      expect((await client.query('select 1 from idempotent_answers')).rowCount).toBe(100);
    });
  });
});
