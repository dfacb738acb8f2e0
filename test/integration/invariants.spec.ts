import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds, brokenLaws, LAW_NAMES } from '../support/invariants.js';
import { aTeam } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

/** Constraints that would refuse what is planted, so that the laws get to see it. */
const LIFTED = [
  'alter table clusters drop constraint clusters_cpu_millis_check',
  'drop index ledger_entries_attempt_unique',
  'alter table deployments drop constraint deployments_ended_check',
  'alter table deployment_events drop constraint deployment_events_transition_check',
  'set local session_replication_role = replica',
];

const oneOf = (status: string): string => `(select id from deployments where status = '${status}' order by id limit 1)`;
const entryOf = (status: string, kind: string): string => `deployment_id = ${oneOf(status)} and kind = '${kind}'`;

/** By the words with which a law begins, damage that breaks it. */
const PLANTS: readonly (readonly [law: string, damage: string])[] = [
  ['0 <= allocated', 'update clusters set allocated_cpu_millis = capacity_cpu_millis + 1'],
  ['0 <= allocated', 'update clusters set allocated_cpu_millis = -1'],
  ['allocated is the sum of open allocations', 'update clusters set allocated_memory_mib = allocated_memory_mib - 1'],
  ['allocated is the sum of open allocations', `delete from ledger_entries where ${entryOf('scheduled', 'allocate')}`],
  ['allocated is the sum of what', `update deployments set cpu_millis = cpu_millis + 1 where id = ${oneOf('running')}`],
  [
    'a deployment has one open allocation',
    `insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id)
     select organization_id, cluster_id, deployment_id, attempt, kind, 0, 0, 0, pass_id from ledger_entries where ${entryOf('scheduled', 'allocate')}`,
  ],
  ['a deployment has one open allocation', `delete from ledger_entries where ${entryOf('succeeded', 'release')}`],
  [
    'an open allocation is of the present',
    `update ledger_entries set attempt = 2 where ${entryOf('running', 'allocate')}`,
  ],
  ['a release follows', `update ledger_entries set cpu_millis = 1 where ${entryOf('succeeded', 'release')}`],
  ['a release follows', `delete from ledger_entries where ${entryOf('succeeded', 'allocate')}`],
  [
    'an allocation is what was requested',
    `update ledger_entries set gpu_millis = 1 where ${entryOf('scheduled', 'allocate')}`,
  ],
  [
    'every entry names the pass',
    `update ledger_entries set pass_id = gen_random_uuid() where ${entryOf('scheduled', 'allocate')}`,
  ],
  ['a pass records how much', 'update passes set placed = placed + 1'],
  ['a pass records how much', 'update passes set released = released + 1'],
  ['a pass records how much', 'update passes set preempted = preempted + 1'],
  ['every row belongs', 'update queue_shapes set organization_id = gen_random_uuid()'],
  ['every row belongs', `update deployments set organization_id = gen_random_uuid() where id = ${oneOf('queued')}`],
  [
    'every row belongs',
    `update deployment_events set cluster_id = gen_random_uuid() where deployment_id = ${oneOf('queued')}`,
  ],
  ['counts of shapes', 'update queue_shapes set waiting = waiting + 1'],
  ['counts of shapes', 'delete from queue_shapes'],
  ['counts of shapes', `update deployments set priority = 51 where id = ${oneOf('queued')}`],
  [
    'events of a deployment',
    `delete from deployment_events where deployment_id = ${oneOf('running')} and sequence = 2`,
  ],
  ['events of a deployment', `update deployments set version = 9 where id = ${oneOf('queued')}`],
  [
    'events of a deployment',
    `update deployments set status = 'running', started_at = now() where id = ${oneOf('scheduled')}`,
  ],
  ['each event begins', `update deployment_events set from_status = 'running' where to_status = 'scheduled'`],
  [
    'each event begins',
    `update deployment_events set to_status = 'running' where deployment_id = ${oneOf('cancelled')} and sequence = 1`,
  ],
  ['a deployment counts its preemptions', `update deployments set preemptions = 1 where id = ${oneOf('queued')}`],
  [
    'a deployment counts its preemptions',
    `update deployment_events set preemptor_id = deployment_id, preemptor_priority = 90 where to_status = 'scheduled'`,
  ],
  ['each event has one author', `update deployment_events set pass_id = null where to_status = 'scheduled'`],
  ['each event has one author', `update deployment_events set actor_id = null where to_status = 'cancelled'`],
  ['times are there', `update deployments set scheduled_at = now() where id = ${oneOf('queued')}`],
  ['times are there', `update deployments set due_at = now() where id = ${oneOf('running')}`],
  ['times are there', `update deployments set stop_cause = 'cancelled' where id = ${oneOf('running')}`],
  [
    'times are there',
    `update deployments set stop_asked_at = now(), started_at = now() + interval '1 s' where id = ${oneOf('succeeded')}`,
  ],
];

describe('the laws by which tests judge the stored state', () => {
  let stowage: Stowage;
  let client: Client;

  beforeAll(async () => {
    stowage = await Stowage.start();
    const cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 5 });
    const ids = await cluster.submitBatch(Array.from({ length: 7 }, () => ({})));
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 5);
    const [done, running, gone] = ids as [string, string, string];
    await cluster.complete(done);
    await cluster.cancel(gone);
    await cluster.team.admin.post(`${cluster.deploymentPath(running)}/start`, {});
    await cluster.submit();
    await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 5 && queue.queued === 1);
    await eventually(
      () => cluster.deployment(gone),
      ({ releasedAt }) => releasedAt !== null,
    );
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  it('finds no violation in a sound installation', async () => {
    await assertLedgerHolds(stowage.database.url);
  });

  it.each(PLANTS)('notices damage to "%s": %s', async (law, damage) => {
    await client.query('begin');
    try {
      for (const statement of LIFTED) await client.query(statement);
      expect((await client.query(damage)).rowCount).toBeGreaterThan(0);
      expect((await brokenLaws(client)).filter((line) => line.startsWith(law))).toHaveLength(1);
    } finally {
      await client.query('rollback');
    }
  });

  it('has a violation for each law', () => {
    expect(LAW_NAMES.filter((name) => !PLANTS.some(([law]) => name.startsWith(law)))).toEqual([]);
  });

  it('notices resources that are not given back for more than five seconds', async () => {
    await client.query('begin');
    await client.query(
      `update deployments set released_at = null, ended_at = now() - interval '6 seconds' where status = 'succeeded'`,
    );
    await client.query('commit');
    await expect(assertLedgerHolds(stowage.database.url)).rejects.toThrow('gives back its resources within 5 s');
  });
});
