import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';
import { databaseOptions, MikroORM, type sql } from '#database';
import {
  type DeploymentFilter,
  idRangeOf,
  labelledIds,
  labelSelectorOf,
  type ListRequest,
  namedIds,
  pageAmong,
  queuePage,
  walkingPage,
} from '#deployments';

import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const ROWS = 100_000;
const [organizationId, clusterId, otherClusterId, submittedBy, stranger] = [
  newId(),
  newId(),
  newId(),
  newId(),
  newId(),
];

/** The settings of a transaction that reads a list. */
const BY_INDEX = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort'];

/** What PostgreSQL knows of the table: as it is, or nothing of what was written since it was empty. */
const STATISTICS = ['fresh', 'stale'] as const;

interface Node {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Node[];
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

describe.each(STATISTICS)('lists of 100,000 deployments, with statistics that are %s', (statistics) => {
  let database: TestDatabase;
  let client: Client;
  let orm: MikroORM;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
    const settings = { url: database.url, poolMax: 1, applicationName: 'stowage-test' };
    orm = await MikroORM.init(databaseOptions(settings, []));
    await client.query('alter table deployments set (autovacuum_enabled = false)');
    await client.query(
      `insert into users (id, username, username_key, password_hash) values ($1, 'reader', 'reader', '$argon2id$')`,
      [submittedBy],
    );
    await client.query(`insert into organizations (id, name, created_by) values ($1, 'Lab', $2)`, [
      organizationId,
      submittedBy,
    ]);
    for (const id of [clusterId, otherClusterId]) {
      await client.query(
        `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis, created_by)
         values ($1::uuid, $2, $1::text, $1::text, 1, 1, 1, $3)`,
        [id, organizationId, submittedBy],
      );
    }
    if (statistics === 'stale') await client.query('analyze deployments');
    // Of what is asked for below there are twenty each, the oldest of all; the rest is in the way.
    await client.query(
      `insert into deployments (organization_id, id, cluster_id, name, is_named, image, cpu_millis, memory_mib, gpu_millis, priority,
                                submitted_by, queued_at, status, ended_at, released_at, labels)
       select $1, (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - $6 + n), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
              case when n <= 20 then $3::uuid else $2::uuid end, case when n <= 20 then 'rare-' else 'common-' end || n, true, 'app',
              1, 1, 0, n % 3, case when n <= 20 then $5::uuid else $4::uuid end, now() - ($6 - n) * interval '1 ms',
              case when n <= 20 then 'failed' when n % 2 = 0 then 'queued' else 'succeeded' end,
              case when n <= 20 or n % 2 = 1 then now() end, case when n <= 20 or n % 2 = 1 then now() end,
              case when n <= 20 then '{"team": "rare", "only": "here"}' else '{"team": "common"}' end::jsonb
       from generate_series(1, $6::int) n`,
      [organizationId, clusterId, otherClusterId, submittedBy, stranger, ROWS],
    );
    if (statistics === 'fresh') await client.query('vacuum analyze deployments');
  });

  afterAll(async () => {
    await orm.close(true);
    await client.end();
    await database.drop();
  });

  /** The indexes of `deployments` that a statement reads, and how many of its rows it looks at. */
  const planOf = async (
    statement: ReturnType<typeof sql>,
    off: readonly string[] = BY_INDEX,
  ): Promise<{ scans: string[]; rowsRead: number }> => {
    const compiled = statement.compile(orm.em.fork().getKysely());
    await client.query('begin');
    for (const name of off) await client.query(`set local ${name} = off`);
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Node }[] }>(
      `explain (analyze, format json) ${compiled.sql}`,
      [...compiled.parameters],
    );
    await client.query('rollback');
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
    if (plan === undefined) throw new Error('there is no plan');
    const nodes = nodesOf(plan);
    const scans = nodes.filter(
      (node) => node['Relation Name'] === 'deployments' || node['Node Type'] === 'Bitmap Index Scan',
    );
    return {
      scans: [...new Set(scans.map((node) => node['Index Name'] ?? node['Node Type']))].sort(),
      rowsRead: scans.reduce(
        (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
        0,
      ),
    };
  };

  const request = (filter: DeploymentFilter, more: Partial<ListRequest> = {}): ListRequest => ({
    actor: { id: submittedBy, role: 'viewer', scope: null },
    organizationId,
    filter,
    sort: 'newest',
    range: idRangeOf(filter, more.sort ?? 'newest', undefined),
    take: 21,
    ...more,
  });

  const BY_KEY = 'deployments_pkey';

  it.each<[string, DeploymentFilter, string[]]>([
    ['everything', {}, [BY_KEY]],
    ['a cluster', { clusterId: otherClusterId }, [BY_KEY, 'deployments_status_index']],
    ['a cluster and a status', { clusterId, statuses: ['failed'] }, [BY_KEY, 'deployments_status_index']],
    ['a status', { statuses: ['failed'] }, [BY_KEY, 'deployments_status_index']],
    ['several statuses', { statuses: ['failed', 'cancelled', 'running'] }, [BY_KEY, 'deployments_status_index']],
    ['a submitter', { submittedBy: stranger }, [BY_KEY, 'deployments_submitter_index']],
    [
      'a submitter and a status',
      { submittedBy: stranger, statuses: ['failed'] },
      [BY_KEY, 'deployments_submitter_index'],
    ],
    ['the beginning of many names', { clusterId, namePrefix: 'common-' }, [BY_KEY, 'deployments_status_index']],
    ['the beginning of many names, in any cluster', { namePrefix: 'common-' }, [BY_KEY]],
    ['a time', { queuedBefore: '2020-01-01T00:00:00Z' }, [BY_KEY]],
  ])('reads little by an index: %s', async (_what, filter, indexes) => {
    for (const sort of ['newest', 'oldest'] as const) {
      const plan = await planOf(walkingPage(request(filter, { sort })));
      expect(plan.scans).toEqual(indexes);
      expect(plan.rowsRead).toBeLessThan(500);
    }
  });

  it('reads every page by an index, however deep', async () => {
    const { rows } = await client.query<{ id: string }>(
      `select id from deployments where cluster_id = $1 and status = 'queued' order by id limit 1 offset 25000`,
      [clusterId],
    );
    const filter = { clusterId, statuses: ['queued'] } as const;
    const range = idRangeOf(filter, 'newest', rows[0]?.id);
    const plan = await planOf(walkingPage(request(filter, { range })));
    expect(plan.rowsRead).toBeLessThan(100);
  });

  it('reads lists by labels and by name prefixes from an index', async () => {
    for (const selector of ['team=rare', 'only', 'team in (rare, none)', 'team=rare,only=here,!nothing']) {
      const wanted = labelSelectorOf(selector).filter(({ operator }) => operator !== 'absent');
      const plan = await planOf(labelledIds(organizationId, wanted, 2_001), ['enable_seqscan']);
      expect(plan.scans).toContain('deployments_labels_index');
      expect(plan.scans.filter((name) => name !== 'deployments_labels_index' && name !== 'Bitmap Heap Scan')).toEqual(
        [],
      );
      expect(plan.rowsRead).toBeLessThan(200);
    }
    const named = await planOf(namedIds(organizationId, { prefix: 'rare-' }, 2_001));
    expect([named.scans, named.rowsRead]).toEqual([['deployments_name_index'], 20]);
    const exact = await planOf(namedIds(organizationId, { name: 'no-such' }, 2_001));
    expect([exact.scans, exact.rowsRead]).toEqual([['deployments_name_index'], 0]);
    const many = await planOf(namedIds(organizationId, { prefix: 'common-' }, 2_001));
    expect([many.scans, many.rowsRead]).toEqual([['deployments_name_index'], 2_001]);
    const ids = (await client.query<{ id: string }>(`select id from deployments where name like 'rare-%'`)).rows;
    const among = await planOf(
      pageAmong(
        request({}),
        ids.map(({ id }) => id),
      ),
    );
    expect([among.scans, among.rowsRead <= 60]).toEqual([[BY_KEY], true]);
  });

  it('reads the queue in its order by an index on every page', async () => {
    const first = await planOf(queuePage(organizationId, clusterId, 101, undefined));
    expect([first.scans, first.rowsRead]).toEqual([['deployments_rank_index'], 101]);
    const { rows } = await client.query<{ id: string; at: string }>(
      `select id, queued_at::text as at from deployments where cluster_id = $1 and status = 'queued' and priority = 1
       order by queued_at, id limit 1 offset 10000`,
      [clusterId],
    );
    const mark = { priority: 1, queuedAt: rows[0]?.at ?? '', id: rows[0]?.id ?? '' };
    const deep = await planOf(queuePage(organizationId, clusterId, 101, mark));
    expect([deep.scans, deep.rowsRead]).toEqual([['deployments_rank_index'], 101]);
  });
});
