import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext } from '@nestjs/common';
import { Client } from 'pg';

import { newId } from '#kernel';
import { Database } from '#database';
import { LedgerAudit, LedgerRepair } from '#ledger';
import { Retention } from '#ledger/writer';
import { PassService } from '#scheduler/processor';

import { TestCluster } from '../../support/clusters.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import { aTeam, type Team } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

const DAY_MS = 86_400_000;

/** Long before anything is kept. */
const OLD_DAYS = 200;

interface Checkpoint {
  readonly deployments: number;
  readonly entries: number;
  readonly closedUntil: string | null;
}

interface Usage {
  readonly points: readonly unknown[];
  readonly total: { readonly cpuHours: number; readonly memoryMibHours: number };
  readonly members: readonly unknown[];
  readonly labels: readonly unknown[];
  readonly deployments: readonly { readonly deploymentId: string }[];
}

describe('what is older than it is kept', () => {
  let stowage: Stowage;
  let worker: INestApplicationContext;
  let team: Team;
  let client: Client;
  let cluster: TestCluster;
  let retention: Retention;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    worker = await stowage.addWorker();
    retention = worker.get(Retention);
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await client.end();
    await stowage.stop();
  });

  beforeEach(async () => {
    cluster = await TestCluster.create(team, { cpu: 1_000, gpu: 10 });
  });

  /** Lets deployments run and end, by people of both roles. @returns their ids */
  const ended = async (count: number): Promise<string[]> => {
    const ids = await cluster.submitBatch(
      Array.from({ length: count }, (_, at) => ({ name: `d${at}`, labels: { team: `t${at % 2}` } })),
    );
    ids.push(await cluster.submit({ name: 'of the admin' }, team.admin));
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 0);
    for (const id of ids) await cluster.complete(id);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0);
    return ids;
  };

  /** Makes deployments older by some days, as if the clock had been set forward: their ids, too, tell when they were submitted. */
  const age = async (ids: readonly string[], days: number): Promise<Map<string, string>> => {
    const aged = new Map<string, string>();
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    for (const id of ids) {
      const millis = Number.parseInt(id.replace('-', '').slice(0, 12), 16) - days * DAY_MS;
      const hex = millis.toString(16).padStart(12, '0');
      const older = `${hex.slice(0, 8)}-${hex.slice(8)}${id.slice(13)}`;
      aged.set(id, older);
      const by = `interval '${days} days'`;
      await client.query(
        `update deployments set id = $2, queued_at = queued_at - ${by}, scheduled_at = scheduled_at - ${by},
                                ended_at = ended_at - ${by}, released_at = released_at - ${by} where id = $1`,
        [id, older],
      );
      await client.query(`update deployment_events set deployment_id = $2, at = at - ${by} where deployment_id = $1`, [
        id,
        older,
      ]);
      await client.query(`update ledger_entries set deployment_id = $2, at = at - ${by} where deployment_id = $1`, [
        id,
        older,
      ]);
    }
    // Entries of the same passes are removed: what those passes say is not to be compared with what is left.
    await client.query(`update passes set started_at = started_at - interval '${days} days' where cluster_id = $1`, [
      cluster.id,
    ]);
    await client.query('commit');
    return aged;
  };

  const count = async (sql: string, ...parameters: unknown[]): Promise<number> =>
    Number((await client.query<{ count: string }>(`select count(*) from ${sql}`, parameters)).rows[0]?.count);

  const checkpoint = async (): Promise<Checkpoint> =>
    (await team.viewer.get<Checkpoint>(`${cluster.path}/ledger/checkpoint`)).body;

  const usage = async (from: Date, to: Date, step: number): Promise<Usage> => {
    const answer = await team.viewer.get<Usage>(
      `${cluster.path}/usage?from=${from.toISOString()}&to=${to.toISOString()}&step=${step}`,
    );
    expect(answer.status).toBe(200);
    return answer.body;
  };

  it('removes an old deployment with its events and entries, and keeps the ledger balanced by a checkpoint', async () => {
    expect(await checkpoint()).toEqual({ deployments: 0, entries: 0, closedUntil: null });
    const ids = await ended(5);
    const waiting = await cluster.submit({ resources: { cpu: 1_000, memoryMib: 1, gpu: 0 } });
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1_000);
    const cancelled = await cluster.submit();
    await cluster.cancel(cancelled);
    const young = ids.pop() ?? '';
    await age([...ids, cancelled], OLD_DAYS);

    expect(await retention.round()).toBe(6);
    expect(await count('deployments where cluster_id = $1', cluster.id)).toBe(2);
    expect(await count('deployment_events where cluster_id = $1', cluster.id)).toBe(3 + 2);
    expect(await count('ledger_entries where cluster_id = $1', cluster.id)).toBe(2 + 1);
    expect(await checkpoint()).toMatchObject({ deployments: 6, entries: 10 });
    expect(Date.parse((await checkpoint()).closedUntil ?? '')).toBeLessThan(Date.now() - (OLD_DAYS - 1) * DAY_MS);
    expect((await cluster.deployment(young)).status).toBe('succeeded');
    expect(await worker.get(LedgerAudit).fullOf(cluster.id)).toEqual([]);
    await assertLedgerHolds(stowage.database.url);

    // The next ones are added to the same checkpoint.
    await age([young], OLD_DAYS);
    expect(await retention.round()).toBe(1);
    expect(await checkpoint()).toMatchObject({ deployments: 7, entries: 12 });
    expect(await retention.round()).toBe(0);
    await cluster.complete(waiting);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0);
  });

  it('removes many deployments in small steps', async () => {
    const random = Random.of('retention in steps');
    const ids = await ended(3);
    const [first = ''] = [...(await age(ids, OLD_DAYS)).values()];
    const copies = 500 + random.integer(1, 100);
    const like = (at: number): string => `${first.slice(0, 24)}${(0xfff0_0000_0000 + at).toString(16)}`;
    const more = Array.from({ length: copies }, (_, at) => like(at));
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    const columns = async (table: string): Promise<string> =>
      (
        await client.query<{ name: string }>(
          `select string_agg(column_name, ', ') as name from information_schema.columns
           where table_name = $1 and column_name <> 'deployment_id' and is_identity = 'NO' and is_generated = 'NEVER' and (column_name, table_name) <> ('id', 'deployments')`,
          [table],
        )
      ).rows[0]?.name ?? '';
    for (const [table, key] of [
      ['deployments', 'id'],
      ['ledger_entries', 'deployment_id'],
      ['deployment_events', 'deployment_id'],
    ] as const) {
      const names = await columns(table);
      await client.query(
        `insert into ${table} (${key}, ${names})
         select copy, ${names} from ${table}, unnest($2::uuid[]) copy where ${key} = $1`,
        [first, more],
      );
    }
    await client.query('commit');
    expect(await retention.round()).toBe(copies + 4);
    expect(await checkpoint()).toMatchObject({ deployments: copies + 4, entries: 2 * (copies + 4) });
    expect(await worker.get(LedgerAudit).fullOf(cluster.id)).toEqual([]);
  });

  it('keeps usage unchanged at every edge and for every member', async () => {
    const random = Random.of('usage across a checkpoint');
    const ids = await ended(12);
    // Ends and beginnings of our own, in seconds of one old hour; some of it is young enough to stay.
    const beginning = Date.now() - OLD_DAYS * DAY_MS;
    const at = (second: number): Date => new Date(beginning + second * 1_000);
    const aged = await age(ids, OLD_DAYS);
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    for (const id of aged.values()) {
      const from = random.integer(0, 3_000);
      const to = from + random.integer(0, 3_000);
      await client.query(
        `update ledger_entries set at = case kind when 'allocate' then $2 else $3 end::timestamptz where deployment_id = $1`,
        [id, at(from), at(to)],
      );
    }
    await client.query('commit');
    const periods = Array.from({ length: 12 }, () => {
      const from = random.integer(-500, 5_000);
      return [at(from), at(from + random.integer(1, 5_000)), random.integer(60, 4_000)] as const;
    });
    const read = (): Promise<Usage[]> => Promise.all(periods.map((period) => usage(...period)));
    const before = await read();
    expect(before.some(({ deployments, labels }) => deployments.length > 0 && labels.length === 2)).toBe(true);
    expect(await retention.round()).toBe(13);
    expect(await count('ledger_entries where cluster_id = $1', cluster.id)).toBe(0);
    expect(await read()).toEqual(before);
  });

  it('counts the usage of a removed deployment whose entries were corrected', async () => {
    const ids = await ended(1);
    const [id = ''] = [...(await age(ids, OLD_DAYS)).values()];
    const { rows } = await client.query<{ at: Date }>(
      `select at from ledger_entries where deployment_id = $1 and kind = 'release'`,
      [id],
    );
    const atMs = rows[0]?.at.getTime() ?? 0;
    // What was given back an hour too early, on paper, and is made good by two corrections.
    for (const [sign, hours] of [
      [1, 0],
      [-1, 1],
    ] as const) {
      await client.query(
        `insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id, at)
         select organization_id, cluster_id, deployment_id, attempt, 'correct', $2 * cpu_millis, $2 * memory_mib, $2 * gpu_millis, pass_id, at + $3 * interval '1 hour'
         from ledger_entries where deployment_id = $1 and kind = 'release'`,
        [id, sign, hours],
      );
    }
    const period = [new Date(atMs - DAY_MS), new Date(atMs + DAY_MS), 172_800] as const;
    const before = await usage(...period);
    expect(await retention.round()).toBe(2);
    // An average is a quotient: the last digit that is shown may be another one.
    const after = await usage(...period);
    expect(after.total.cpuHours).toBeCloseTo(before.total.cpuHours, 6);
    expect(after.total.memoryMibHours).toBeCloseTo(before.total.memoryMibHours, 6);
    expect(after.deployments).toHaveLength(2);
  });

  it('keeps a deployment whose entries do not balance, and removes the rest', async () => {
    const ids = await ended(2);
    const [wrong = '', ...others] = [...(await age(ids, OLD_DAYS)).values()];
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(`delete from ledger_entries where deployment_id = $1 and kind = 'release'`, [wrong]);
    await client.query('commit');
    expect(await retention.round()).toBe(others.length);
    expect(await count('deployments where id = $1', wrong)).toBe(1);
    expect((await worker.get(LedgerAudit).fullOf(cluster.id)).map(({ law }) => law)).toContain('one-open-allocation');

    await LedgerRepair.over(worker.get(Database)).repair(cluster.id);
    expect(await retention.round()).toBe(1);
    expect(await worker.get(LedgerAudit).fullOf(cluster.id)).toEqual([]);
  });

  it('repairs a checkpoint that has drifted', async () => {
    await age(await ended(1), OLD_DAYS);
    expect(await retention.round()).toBe(2);
    await client.query('alter table ledger_checkpoints drop constraint ledger_checkpoints_balance_check');
    await client.query(
      `update ledger_checkpoints set released_cpu_millis = released_cpu_millis + 7 where cluster_id = $1`,
      [cluster.id],
    );
    const found = (await worker.get(LedgerAudit).fullOf(cluster.id)).map(({ law }) => law);
    expect(found).toEqual(expect.arrayContaining(['allocated-is-open', 'checkpoint-is-balanced']));
    expect(await LedgerRepair.over(worker.get(Database)).repair(cluster.id)).toMatchObject({ broken: [] });
    expect(await worker.get(LedgerAudit).fullOf(cluster.id)).toEqual([]);
  });

  it('keeps no pass waiting, and waits for none: each while the other is in the middle of its transaction', async () => {
    const ids = [...(await age(await ended(2), OLD_DAYS)).values()];

    // A pass holds its cluster: what is old goes meanwhile.
    await client.query('begin');
    await client.query('select 1 from clusters where id = $1 for no key update', [cluster.id]);
    await client.query('update clusters set version = version where id = $1', [cluster.id]);
    expect(await retention.round()).toBe(3);
    await client.query('rollback');

    // What is old is locked, and its checkpoint and its removal are not committed: a pass places and releases meanwhile.
    const more = [...(await age(await ended(2), OLD_DAYS)).values()];
    await client.query('begin');
    await client.query('select 1 from deployments where id = any($1) for update', [more]);
    await client.query('update ledger_checkpoints set entries = entries + 0 where cluster_id = $1', [cluster.id]);
    const id = await cluster.submit();
    await worker.get(PassService).run(cluster.id);
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    await cluster.complete(id);
    await eventually(
      () => cluster.deployment(id),
      ({ releasedAt }) => releasedAt !== null,
    );
    // Another round leaves to others what they hold, instead of waiting.
    expect(await retention.round()).toBe(0);
    await client.query('rollback');
    expect(await retention.round()).toBe(3);
    expect(ids).toHaveLength(3);
  });

  it('removes usage that is older than its retention', async () => {
    await client.query(
      `insert into usage_sums (organization_id, cluster_id, deployment_id, attempt, name, submitted_by, labels, opened_at, closed_at, cpu_millis, memory_mib, gpu_millis)
       select $1, $2, gen_random_uuid(), 1, 'app', $3, '{}', now() - interval '1200 days', now() - age, 1, 1, 0
       from unnest(array[interval '1101 days', interval '1099 days']) age`,
      [team.organizationId, cluster.id, newId()],
    );
    await retention.round();
    expect(await count('usage_sums where cluster_id = $1', cluster.id)).toBe(1);
  });
});
