import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Settings } from '#config';
import { Database } from '#database';
import { checkChain, type CheckedChain, type DecisionExcerpt, readLog, replay } from '#scheduler';
import { DecisionRetention } from '#scheduler/processor';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const PROGRAM = resolve('dist', 'apps', 'admin', 'main.js');

interface Outcome {
  readonly code: number;
  readonly report: Record<string, unknown>;
  readonly stderr: string;
}

describe('the decision log', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-decisions-'));
    stowage = await Stowage.start({ workers: 2 });
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 20, gpu: 4 });
    await aBusyTime(cluster);
  });

  afterAll(async () => {
    await stowage.stop();
    await rm(directory, { recursive: true });
  });

  /** Submissions of a few shapes and priorities, ends, cancels and preemption in a random order. */
  const aBusyTime = async (on: TestCluster): Promise<void> => {
    await team.admin.patch(on.path, {
      policy: { reserveAfterSeconds: 0, preemption: 'lower-priority', preemptAfterSeconds: 0 },
    });
    const random = Random.of('the decision log');
    const ids = await on.submitBatch(Array.from({ length: 20 }, () => ({ priority: 0, preemptible: true })));
    await eventually(
      async () => (await on.read()).allocated.cpu,
      (cpu) => cpu === 20,
    );
    for (let turn = 0; turn < 12; turn++) {
      const some = Array.from({ length: 8 }, () => ({
        resources: { cpu: random.integer(1, 4), memoryMib: 1, gpu: random.integer(0, 1) },
        priority: 10 * random.integer(1, 4),
        preemptible: random.integer(0, 1) === 0,
        ...(random.integer(0, 1) === 0 ? { maxRuntimeSeconds: random.integer(60, 600) } : {}),
      }));
      ids.push(...(await on.submitBatch(some)));
      for (const id of ids.filter(() => random.integer(0, 5) === 0)) {
        await (random.integer(0, 2) === 0 ? on.cancel(id) : on.complete(id));
      }
    }
  };

  const run = (...args: readonly string[]): Promise<Outcome> =>
    new Promise((done) => {
      const env = { PATH: process.env['PATH'], STOWAGE_DATA_DIR: directory, DATABASE_URL: stowage.database.url };
      execFile(process.execPath, [PROGRAM, 'replay', ...args], { env }, (error, stdout, stderr) => {
        const report = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
        done({ code: error === null ? 0 : Number(error.code), report, stderr });
      });
    });

  const sql = async <Row>(text: string, ...values: unknown[]): Promise<Row[]> => {
    let rows: Row[] = [];
    await withClient(stowage.database.url, async (client) => {
      rows = (await client.query(text, values)).rows as Row[];
    });
    return rows;
  };

  const headOf = async ({ id }: TestCluster): Promise<string> => {
    const [head] = await sql<{ hash: string }>(
      `select encode(hash, 'hex') as hash from decision_heads where cluster_id = $1`,
      id,
    );
    return head!.hash;
  };

  const excerptOf = async (on: TestCluster, fromMs = 0): Promise<DecisionExcerpt> => {
    const log = await readLog(stowage.api.get(Database, { strict: false }).reader(), on.id, fromMs);
    if (log === null) throw new Error('nothing is kept');
    return log;
  };

  const check = async (noted: string): Promise<CheckedChain> => checkChain(await excerptOf(cluster), noted);

  /** Runs a statement on the log, and puts back what it has changed after the work. */
  const tampered = async (text: string, work: () => Promise<void>): Promise<void> => {
    await sql(`create table kept_decisions as select * from pass_decisions where cluster_id = '${cluster.id}'`);
    await sql(`create table kept_head as select * from decision_heads where cluster_id = '${cluster.id}'`);
    await sql(text, cluster.id);
    await work();
    await sql('delete from pass_decisions where cluster_id = $1', cluster.id);
    await sql('insert into pass_decisions select * from kept_decisions');
    await sql('delete from decision_heads where cluster_id = $1', cluster.id);
    await sql('insert into decision_heads select * from kept_head');
    await sql('drop table kept_decisions, kept_head');
  };

  it('records one decision for each pass, in its transaction', async () => {
    const counts = await sql<{ passes: number; decisions: number; starts: number; preempted: number }>(
      `select (select count(*)::int from passes where cluster_id = $1) as passes,
              (select count(*)::int from passes p join pass_decisions d on d.pass_id = p.id
               where d.cluster_id = $1) as decisions,
              (select sum(placed)::int from passes where cluster_id = $1) as starts,
              (select sum(preempted)::int from passes where cluster_id = $1) as preempted`,
      cluster.id,
    );
    expect(counts[0]!.passes).toBeGreaterThan(20);
    expect(counts[0]!.decisions).toBe(counts[0]!.passes);
    expect(counts[0]!.starts).toBeGreaterThan(20);
    expect(counts[0]!.preempted).toBeGreaterThan(0);
  });

  it('replays real passes without a difference, from the database and from a file', async () => {
    const { code, report, stderr } = await run('--cluster', cluster.id);
    expect(stderr).toBe('');
    expect(report).toMatchObject({ isIdentical: true, firstDifference: null });
    expect(code).toBe(0);
    expect(report['passes']).toBeGreaterThan(20);
    expect(report['recordedBuilds']).toEqual([report['build']]);

    const file = join(directory, 'log.ndjson');
    expect(await run('--cluster', cluster.id, '--export', file)).toMatchObject({ code: 0 });
    // A pass that a waiting deployment has asked for may have come since.
    const exported = (await run('--file', file)).report;
    expect(exported).toMatchObject({ isIdentical: true, from: report['from'], build: report['build'] });
    expect(exported['passes']).toBeGreaterThanOrEqual(Number(report['passes']));

    const change = join(directory, 'change.json');
    await writeFile(change, JSON.stringify({ policy: { preemption: 'never' } }));
    const other = await run('--file', file, '--policy', change);
    expect(other).toMatchObject({ code: 0, stderr: '', report: { otherPolicy: { preempted: 0 } } });
    const { deployments, happened } = other.report as { deployments: number; happened: { started: number } };
    expect(deployments).toBe(20 + 12 * 8);
    expect(happened.started).toBeGreaterThan(20);
    const { length } = (await readFile(file, 'utf8')).trim().split('\n');
    expect(length).toBe(Number(report['passes']) + 1);
  }, 180_000);

  it('replays a part of the time', async () => {
    const [middle] = await sql<{ at: Date; count: number }>(
      `select max(at) as at, count(*)::int as count from
         (select at from pass_decisions where cluster_id = $1 order by position offset 5 limit 5) as early`,
      cluster.id,
    );
    const middleMs = middle!.at.getTime();
    const timesOf = async (fromMs: number, toMs: number): Promise<number[]> => {
      const times: number[] = [];
      const { decisions } = await excerptOf(cluster, fromMs);
      for await (const { stored } of replay(decisions, { fromMs, toMs })) times.push(stored.atMs);
      return times;
    };
    const [all, before, after] = [
      await timesOf(-Infinity, Infinity),
      await timesOf(-Infinity, middleMs - 1),
      await timesOf(middleMs, Infinity),
    ];
    expect(after[0]).toBe(middleMs);
    expect([...before, ...after]).toEqual(all);
  });

  it('shows the head of the chain, and the present extent of the log', async () => {
    const { status, body } = await team.viewer.get<{ hash: string; position: number }>(`${cluster.path}/passes/head`);
    const { last, hash } = await check(body.hash);
    expect([status, body.hash, body.position]).toEqual([200, hash, last]);
    expect(body).toMatchObject({ oldestPosition: 1, at: expect.stringMatching(/Z$/) });
    const other = await TestCluster.create(team, { cpu: 1 });
    expect((await team.viewer.get(`${other.path}/passes/head`)).body).toMatchObject({ oldestPosition: 0 });
  });

  it('verifies the chain against a head that was noted, also after further passes', async () => {
    const noted = await headOf(cluster);
    expect(await run('--cluster', cluster.id, '--head', noted)).toMatchObject({ code: 0, report: { isIntact: true } });
    // Whether it starts or not: the pass that it brings is recorded.
    await cluster.submit({ priority: 90 });
    await eventually(
      () => headOf(cluster),
      (head) => head !== noted,
    );
    const { fault, headAt, last } = await check(noted);
    expect(fault).toBeNull();
    expect(headAt).toBeLessThan(last ?? 0);
  });

  it.each<[string, string, string]>([
    [
      'an edited record',
      `update pass_decisions set record = record || 'x'::bytea where cluster_id = $1 and position = 7`,
      'changed',
    ],
    [
      'an edited time',
      `update pass_decisions set at = at + interval '1 second' where cluster_id = $1 and position = 7`,
      'changed',
    ],
    ['a removed decision', `delete from pass_decisions where cluster_id = $1 and position = 7`, 'missing'],
    [
      'removed last decisions',
      `with gone as (delete from pass_decisions where cluster_id = $1 and position > 9)
       update decision_heads h set position = d.position, hash = d.hash from pass_decisions d
       where h.cluster_id = $1 and d.cluster_id = $1 and d.position = 9`,
      'head-not-found',
    ],
    [
      'a decision in the place of another',
      `update pass_decisions d set (pass_id, record, hash) = (select o.pass_id, o.record, o.hash from pass_decisions o
         where o.cluster_id = d.cluster_id and o.position = 8) where cluster_id = $1 and position = 7`,
      'changed',
    ],
  ])('finds %s', async (_, statement, kind) => {
    const noted = await headOf(cluster);
    await tampered(statement, async () => {
      expect((await check(noted)).fault).toMatchObject({ kind });
    });
  });

  /** What is kept after a round of retention with these settings, one batch after the other. */
  const pruned = async (settings: Pick<Settings, 'decisionLogDays' | 'decisionLogMib'>) => {
    const database = stowage.api.get(Database, { strict: false });
    await new DecisionRetention(settings as Settings, database).prune((work) => work());
    const [kept] = await sql<{ first: number; isWhole: boolean; bytes: number; counted: number; removed: number }>(
      `select min(position)::int as first, (array_agg(is_whole order by position))[1] as "isWhole",
              sum(octet_length(record))::int as bytes,
              (select bytes::int from decision_heads where cluster_id = $1) as counted,
              (select removed_position::int from decision_heads where cluster_id = $1) as removed
       from pass_decisions where cluster_id = $1`,
      cluster.id,
    );
    return kept!;
  };

  it('removes the oldest decisions by age and by bytes, and keeps a chain that verifies', async () => {
    const noted = await headOf(cluster);
    const all = await pruned({ decisionLogDays: 7, decisionLogMib: 64 });
    expect(all).toMatchObject({ first: 1, counted: all.bytes, removed: 0 });
    const [{ position: whole } = { position: 0 }] = await sql<{ position: number }>(
      'select position::int from pass_decisions where cluster_id = $1 and is_whole and position > 5 order by position',
      cluster.id,
    );
    expect(whole).toBeGreaterThan(5);
    await sql(
      `update pass_decisions set at = at - interval '8 days' where cluster_id = $1 and position < $2`,
      cluster.id,
      whole,
    );
    const young = await pruned({ decisionLogDays: 7, decisionLogMib: 64 });
    expect(young).toMatchObject({ first: whole, isWhole: true, counted: young.bytes, removed: whole - 1 });
    expect(await check(noted)).toMatchObject({ first: whole, fault: null });
    const { decisions } = await excerptOf(cluster);
    for await (const { difference } of replay(decisions, { fromMs: -Infinity, toMs: Infinity }))
      expect(difference).toBeNull();

    const half = Math.floor(young.bytes / 2) / 1_048_576;
    const small = await pruned({ decisionLogDays: 7, decisionLogMib: half });
    expect(small).toMatchObject({ isWhole: true, counted: small.bytes, removed: small.first - 1 });
    expect(small.first).toBeGreaterThan(whole);
    expect((await check(noted)).fault).toBeNull();
  });

  it('answers by its exit code where nothing is kept or a file is no log', async () => {
    expect(await run('--cluster', team.organizationId)).toMatchObject({ code: 1, report: {} });
    expect(await run('--cluster', cluster.id, '--head', 'ab'.repeat(32))).toMatchObject({
      code: 1,
      report: { isIntact: false },
    });
    expect(await run('--file', PROGRAM)).toMatchObject({ code: 1, report: {} });
  }, 180_000);
});
