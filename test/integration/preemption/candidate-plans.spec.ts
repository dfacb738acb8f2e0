import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';
import { Database, databaseOptions, type EntityManager, MikroORM, preferIndexes, rowsOf, sql } from '#database';
import {
  ClusterWork,
  DeploymentLifecycle,
  Preemptions,
  type RunningDeployment,
  type PreemptionCriteria,
} from '#deployments';

import { createTestDatabase, type TestDatabase, withClient } from '../../support/database.js';

/** How many of each kind, in each of two clusters. */
const ROWS = 500;

/** How many are preempted and stop in the cluster that is read, and how many stop for another reason. */
const STOPPING = 7;

const LIMIT = 50;
const BELOW = 50;

/** All that is marked keeps these. */
const TERMS: PreemptionCriteria = { maxPreemptions: 1, scheduledBeforeMs: Date.now() + 86_400_000 };

/** Nothing has run for as long as these demand. */
const PATIENT: PreemptionCriteria = { maxPreemptions: 1, scheduledBeforeMs: Date.now() - 86_400_000 };

/** When PostgreSQL looked at the table last: never, while it was empty, before there was anything to give up, or now. */
const LOOKS = ['never', 'when it was empty', 'before anything ran', 'just now'] as const;

/** What there is: all but the first two would be read by a statement that does not use the whole key. */
const KINDS = [
  { priority: 10, isPreemptible: true, status: 'running' },
  { priority: 10, isPreemptible: true, status: 'scheduled' },
  { priority: 10, isPreemptible: false, status: 'running' },
  { priority: 90, isPreemptible: true, status: 'running' },
  { priority: 10, isPreemptible: true, status: 'queued' },
  { priority: 10, isPreemptible: true, status: 'succeeded' },
] as const;

/** An index that was read, and how many of its entries. */
interface Read {
  readonly name: string;
  readonly entries: number;
}

describe.each(LOOKS)('giving up what runs, where PostgreSQL last looked at the table %s', (looked) => {
  const [organizationId, submittedBy] = [newId(), newId()];
  const [clusterId, otherId] = [newId(), newId()];
  let database: TestDatabase;
  let orm: MikroORM;

  beforeAll(async () => {
    database = await createTestDatabase();
    const settings = { url: database.url, poolMax: 1, applicationName: 'stowage-test' };
    orm = await MikroORM.init(databaseOptions(settings, []));
    await withClient(database.url, async (client) => {
      const insert = (cluster: string, count: number, fields: Readonly<Record<string, unknown>>): Promise<unknown> =>
        client.query(
          `insert into deployments (organization_id, id, cluster_id, name, is_named, image, cpu_millis, memory_mib, gpu_millis, labels,
                                    submitted_by, priority, is_preemptible, status, queued_at, scheduled_at, started_at,
                                    ended_at, released_at, due_at, stop_asked_at, stop_cause, stop_outcome)
           select $1, gen_random_uuid(), $2, gen_random_uuid()::text, true, 'app', 1, 1, 0, '{}', $3, $5, $6, $7::text, now() - interval '1 day',
                  case when $7 <> 'queued' then now() - n * interval '1 second' end,
                  case when $7 in ('running', 'stopping') then now() - n * interval '1 second' end,
                  case when $7 = 'succeeded' then now() end, case when $7 = 'succeeded' then now() end,
                  case when $7 = 'stopping' then now() + interval '1 hour' end,
                  case when $7 = 'stopping' then now() end, $8, case when $7 = 'stopping' then 'queued' end
           from generate_series(1, $4::int) n`,
          [
            organizationId,
            cluster,
            submittedBy,
            count,
            fields['priority'],
            fields['isPreemptible'],
            fields['status'],
            fields['stopCause'],
          ],
        );
      const stopping = { priority: 10, isPreemptible: true, status: 'stopping' };

      await client.query('alter table deployments set (autovacuum_enabled = false)');
      await client.query(
        `insert into users (id, username, username_key, password_hash) values ($1, 'member', 'member', '$argon2id$')`,
        [submittedBy],
      );
      await client.query(`insert into organizations (id, name, created_by) values ($1, 'Lab', $2)`, [
        organizationId,
        submittedBy,
      ]);
      for (const id of [clusterId, otherId]) {
        await client.query(
          `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis, created_by)
           values ($1::uuid, $2, $1::text, $1::text, 1, 1, 1, $3)`,
          [id, organizationId, submittedBy],
        );
      }
      if (looked === 'when it was empty') await client.query('analyze deployments');
      for (const cluster of [otherId, clusterId]) {
        for (const kind of KINDS.filter(({ status }) => status === 'queued' || status === 'succeeded')) {
          await insert(cluster, ROWS, kind);
        }
      }
      if (looked === 'before anything ran') await client.query('analyze deployments');
      for (const cluster of [otherId, clusterId]) {
        for (const kind of KINDS.filter(({ status }) => status === 'running' || status === 'scheduled')) {
          await insert(cluster, ROWS, kind);
        }
      }
      await insert(otherId, ROWS, { ...stopping, stopCause: 'preempted' });
      for (const stopCause of ['preempted', 'cancelled']) await insert(clusterId, STOPPING, { ...stopping, stopCause });
      if (looked === 'just now') await client.query('vacuum analyze deployments');
    });
  });

  afterAll(async () => {
    await orm.close(true);
    await database.drop();
  });

  /** What has been read of the table so far in this session, by index; without one by `name` null. */
  const readSoFar = async (tx: EntityManager): Promise<Map<string, number>> => {
    const rows = await rowsOf(
      tx,
      sql<Read>`
        select c.relname as name, coalesce(pg_stat_get_xact_tuples_returned(c.oid), 0)::float8 as entries
        from pg_class c
        where c.oid = 'deployments'::regclass
          or c.oid in (select i.indexrelid from pg_index i where i.indrelid = 'deployments'::regclass)`,
    );
    return new Map(rows.map(({ name, entries }) => [name, entries]));
  };

  /** What something reads in a transaction like that of a pass, which does not commit, and what comes of it. */
  const reading = async <T>(work: (tx: EntityManager) => Promise<T>): Promise<{ result: T; read: Read[] }> => {
    let told: { result: T; read: Read[] } | undefined;
    const undone = new Error('to be undone');
    await new Database(orm)
      .transaction(async (tx) => {
        await preferIndexes(tx);
        const before = await readSoFar(tx);
        const result = await work(tx);
        const read = [...(await readSoFar(tx))].flatMap(([name, entries]) => {
          const more = entries - (before.get(name) ?? 0);
          return more === 0 ? [] : [{ name, entries: more }];
        });
        told = { result, read: read.sort((a, b) => (a.name < b.name ? -1 : 1)) };
        throw undone;
      })
      .catch((error: unknown) => {
        if (error !== undone) throw error;
      });
    if (told === undefined) throw new Error('nothing was read');
    return told;
  };

  const candidates = (tx: EntityManager, below: number, limit: number, terms = TERMS): Promise<RunningDeployment[]> =>
    new ClusterWork().preemptionCandidates(tx, clusterId, { below, terms, limit, countsOverdue: true });

  /** What the question for candidates reads, and how many come back. */
  const ask = async (below: number, limit: number, terms = TERMS): Promise<{ found: number; read: Read[] }> => {
    const { result, read } = await reading((tx) => candidates(tx, below, limit, terms));
    return { found: result.length, read };
  };

  it('reads as many candidates as the limit, by the indexes of candidates and of stopping deployments', async () => {
    // Often enough for a prepared statement to be planned once and for all.
    for (let time = 0; time < 8; time++) {
      expect(await ask(BELOW, LIMIT)).toEqual({
        found: LIMIT + STOPPING,
        read: [
          // Those that stop are among the youngest, and passed over.
          { name: 'deployments_preemptible_index', entries: LIMIT + 2 * STOPPING },
          { name: 'deployments_stopping_index', entries: 2 * STOPPING },
        ],
      });
    }
  });

  it('reads of what has not run for long enough the next of its priority alone', async () => {
    for (let time = 0; time < 8; time++) {
      expect(await ask(BELOW, LIMIT, PATIENT)).toEqual({
        found: 1 + STOPPING,
        read: [
          { name: 'deployments_preemptible_index', entries: 1 },
          { name: 'deployments_stopping_index', entries: 2 * STOPPING },
        ],
      });
    }
  });

  it('skips deployments that were preempted too often, and reads nothing else for them', async () => {
    const { found, read } = await ask(BELOW, LIMIT, { ...TERMS, maxPreemptions: 0 });
    expect(found).toBe(STOPPING);
    expect(read).toEqual([
      { name: 'deployments_preemptible_index', entries: 2 * ROWS + 2 * STOPPING },
      { name: 'deployments_stopping_index', entries: 2 * STOPPING },
    ]);
  });

  it('reads nothing that runs where nothing may be given up', async () => {
    const stopping = [{ name: 'deployments_stopping_index', entries: 2 * STOPPING }];
    expect(await ask(BELOW, 0)).toEqual({ found: STOPPING, read: stopping });
    expect(await ask(0, LIMIT)).toEqual({ found: STOPPING, read: stopping });
  });

  it('preempts named deployments by their whole keys, and looks preemptors up by their whole keys', async () => {
    const pass = { organizationId, clusterId, passId: newId() };
    const { result: named } = await reading((tx) => candidates(tx, BELOW, LIMIT));
    const victims = named
      .filter(({ isTerminating }) => !isTerminating)
      .map(({ id, version }) => ({ id, version, preemptorId: id, preemptorPriority: 90, lostSeconds: 1 }));
    const preempted = await reading((tx) => new Preemptions().preempt(tx, pass, victims, 60));
    expect(preempted.result).toHaveLength(LIMIT);
    expect(preempted.read.map(({ name }) => name)).toEqual(['deployments_pkey']);
    // Each is locked, changed, and looked at by the foreign key of its event; the version before it is there still.
    expect(preempted.read[0]?.entries).toBeLessThanOrEqual(5 * LIMIT);

    const waiting = await reading((tx) => new Preemptions().areWaiting(tx, pass, victims));
    expect(waiting.result).toBe(false);
    expect(waiting.read.map(({ name }) => name)).toEqual(['deployments_pkey']);
    expect(waiting.read[0]?.entries).toBeLessThanOrEqual(3 * LIMIT);
  });

  it('finds what has stopped by the index of what is due', async () => {
    const pass = { organizationId, clusterId, passId: newId() };
    await withClient(database.url, (client) =>
      client.query(
        `update deployments set due_at = now() where cluster_id = $1 and status = 'stopping' and stop_cause = 'preempted'`,
        [clusterId],
      ),
    );
    const { result, read } = await reading((tx) => new DeploymentLifecycle().takeDue(tx, pass, LIMIT));
    expect(result.changed).toBe(STOPPING);
    expect(read.map(({ name }) => name)).toEqual(['deployments_due_index', 'deployments_pkey']);
    for (const { entries } of read) expect(entries).toBeLessThanOrEqual(6 * STOPPING);
  });
});
