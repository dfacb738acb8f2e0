import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';
import { LEDGER_LAWS } from '#ledger';

import { TestCluster } from '../../support/clusters.js';
import { aTeam } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

const oneOf = (status: string): string => `(select id from deployments where status = '${status}' order by id limit 1)`;
const entryOf = (status: string, kind: string): string => `deployment_id = ${oneOf(status)} and kind = '${kind}'`;

/** Damage, and every law that must see it. */
const PLANTS: readonly (readonly [damage: string, laws: readonly string[]])[] = [
  [
    'update clusters set allocated_cpu_millis = capacity_cpu_millis + 1',
    ['allocated-within-capacity', 'allocated-is-held', 'allocated-is-open'],
  ],
  ['update clusters set allocated_memory_mib = allocated_memory_mib - 1', ['allocated-is-held', 'allocated-is-open']],
  [
    `update deployments set gpu_millis = 7 where id = ${oneOf('scheduled')}`,
    ['allocated-is-held', 'recent-entries-agree', 'holders-have-entries', 'one-open-allocation'],
  ],
  [
    `update deployments set status = 'queued', scheduled_at = null where id = ${oneOf('scheduled')}`,
    ['allocated-is-held', 'recent-entries-agree', 'one-open-allocation', 'counts-are-the-queue'],
  ],
  [
    `delete from ledger_entries where ${entryOf('scheduled', 'allocate')}`,
    ['allocated-is-open', 'holders-have-entries', 'one-open-allocation'],
  ],
  [
    `delete from ledger_entries where ${entryOf('succeeded', 'release')}`,
    ['allocated-is-open', 'recent-entries-agree', 'one-open-allocation'],
  ],
  [
    `delete from ledger_entries where ${entryOf('succeeded', 'allocate')}`,
    ['allocated-is-open', 'recent-entries-agree', 'one-open-allocation', 'release-follows-allocation'],
  ],
  [
    `update ledger_entries set cpu_millis = cpu_millis + 1 where ${entryOf('succeeded', 'release')}`,
    ['allocated-is-open', 'recent-entries-agree', 'one-open-allocation'],
  ],
  [
    'update ledger_checkpoints set released_gpu_millis = released_gpu_millis - 1',
    ['allocated-is-open', 'checkpoint-is-balanced'],
  ],
  [
    `update ledger_entries set attempt = 2 where ${entryOf('scheduled', 'allocate')}`,
    ['recent-entries-agree', 'holders-have-entries', 'one-open-allocation'],
  ],
  [
    `update ledger_entries set cluster_id = gen_random_uuid() where ${entryOf('scheduled', 'allocate')}`,
    ['allocated-is-open', 'entry-in-its-cluster', 'one-open-allocation', 'entry-names-its-pass'],
  ],
  [
    `update ledger_entries set organization_id = gen_random_uuid() where ${entryOf('succeeded', 'allocate')}`,
    ['entry-in-its-cluster', 'one-open-allocation'],
  ],
  [
    `update ledger_entries set pass_id = 'ffffffff-ffff-7fff-bfff-ffffffffffff' where ${entryOf('succeeded', 'allocate')}`,
    ['entry-names-its-pass'],
  ],
  [
    `update deployments set ended_at = ended_at - interval '6 seconds', released_at = null where id = ${oneOf('succeeded')}`,
    ['settled-in-time', 'allocated-is-held'],
  ],
  ['update queue_shapes set waiting = waiting + 1', ['counts-are-the-queue']],
  [`update deployments set priority = 51 where id = ${oneOf('queued')}`, ['counts-are-the-queue']],
];

describe('the laws of the ledger', () => {
  let stowage: Stowage;
  let client: Client;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start();
    cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 2, gpu: 1 });
    const [first = ''] = await cluster.submitBatch([{}, {}, {}]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 2);
    await cluster.complete(first);
    await cluster.submit({ resources: { cpu: 2, memoryMib: 1, gpu: 1 } });
    await eventually(
      () => cluster.deployment(first),
      ({ releasedAt }) => releasedAt !== null,
    );
    await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 2 && queue.queued === 1);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    await client.query(
      `insert into ledger_checkpoints select id, organization_id, 1, 2, 5, 6, 7, 5, 6, 7, 0, 0, 0, now() from clusters`,
    );
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  const broken = async (clusterId: string | null): Promise<string[]> => {
    const names: string[] = [];
    for (const { name, violations } of LEDGER_LAWS) {
      const { rowCount } = await client.query(`select * from (${violations}) violations`, [clusterId]);
      if (rowCount !== 0) names.push(name);
    }
    return names;
  };

  it('finds no violation in a sound ledger', async () => {
    expect(await broken(null)).toEqual([]);
    expect(await broken(cluster.id)).toEqual([]);
  });

  it.each(PLANTS)('detects a violation: %s', async (damage, laws) => {
    await client.query('begin');
    await client.query('alter table clusters drop constraint clusters_cpu_millis_check');
    await client.query('alter table ledger_checkpoints drop constraint ledger_checkpoints_balance_check');
    await client.query('set local session_replication_role = replica');
    const { rowCount } = await client.query(damage);
    expect(rowCount).toBeGreaterThan(0);
    const seen = await broken(null);
    const elsewhere = await broken(newId());
    await client.query('rollback');
    expect(seen).toEqual(expect.arrayContaining([...laws]));
    expect(elsewhere).toEqual([]);
  });

  it('counts nothing as late while a cluster waits for a turn, and what a later pass has left', async () => {
    const late = `update deployments set ended_at = ended_at - interval '6 seconds', released_at = null where id = ${oneOf('succeeded')}`;
    const signal = `insert into cluster_signals (organization_id, cluster_id, reason) select organization_id, id, 'ended' from clusters`;
    const laterPass = `update passes set started_at = now()`;
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(`update passes set started_at = started_at - interval '1 minute'`);
    await client.query(late);
    await client.query(signal);
    const waiting = await broken(null);
    await client.query(laterPass);
    const left = await broken(null);
    await client.query('rollback');
    expect(waiting).not.toContain('settled-in-time');
    expect(left).toContain('settled-in-time');
  });

  it('has a violation for each law', () => {
    const planted = new Set(PLANTS.flatMap(([, laws]) => laws));
    expect(LEDGER_LAWS.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });
});
