import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { auditEntities } from '#audit';
import { Database, databaseOptions, MikroORM } from '#database';
import { LedgerAudit, LedgerRepair } from '#ledger';
import { PassRetention } from '#scheduler/processor';

import { type Answer } from '../../support/api-client.js';
import { TestCluster } from '../../support/clusters.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import { aPerson, aTeam, type Person, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

interface AuditBody {
  readonly isClean: boolean;
  readonly laws: readonly { readonly name: string }[];
  readonly findings: readonly {
    readonly law: string;
    readonly clusterId: string;
    readonly samples: readonly string[];
  }[];
}

const oneOf = (cluster: TestCluster, status: string): string =>
  `(select id from deployments where cluster_id = '${cluster.id}' and status = '${status}' order by id limit 1)`;

/** Damage to a cluster, as direct SQL with all triggers and constraints out of the way. */
const DAMAGE: readonly (readonly [name: string, sql: (cluster: TestCluster) => string])[] = [
  [
    'less allocated',
    ({ id }) => `update clusters set allocated_cpu_millis = allocated_cpu_millis - 1 where id = '${id}'`,
  ],
  [
    'more allocated than there is',
    ({ id }) => `update clusters set allocated_gpu_millis = 10000000 where id = '${id}'`,
  ],
  [
    'a deployment put back into the queue',
    (cluster) =>
      `update deployments set status = 'queued', scheduled_at = null where id = ${oneOf(cluster, 'scheduled')}`,
  ],
  [
    'a larger request',
    (cluster) => `update deployments set memory_mib = memory_mib + 1 where id = ${oneOf(cluster, 'scheduled')}`,
  ],
  [
    'an allocation that is gone',
    (cluster) => `delete from ledger_entries where deployment_id = ${oneOf(cluster, 'scheduled')}`,
  ],
  [
    'a changed entry of what has ended',
    (cluster) =>
      `update ledger_entries set cpu_millis = cpu_millis + 1 where kind = 'release' and deployment_id = ${oneOf(cluster, 'succeeded')}`,
  ],
  [
    'a second life of what has ended',
    (cluster) => `delete from ledger_entries where kind = 'release' and deployment_id = ${oneOf(cluster, 'succeeded')}`,
  ],
  [
    'a release of what still runs',
    (cluster) => `
      insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id)
      select organization_id, cluster_id, deployment_id, attempt, 'release', cpu_millis, memory_mib, gpu_millis, pass_id
      from ledger_entries where kind = 'allocate' and deployment_id = ${oneOf(cluster, 'scheduled')}`,
  ],
];

/** Two workers that find an audit due at the same moment both do it: what begins within this time is one audit. */
const AT_ONCE_MS = 1_000;

describe('the audit of a running installation', () => {
  let stowage: Stowage;
  let team: Team;
  let operator: Person;
  let client: Client;
  let database: Database;
  let cluster: TestCluster;

  beforeAll(async () => {
    // The hour of the night is far from now, whenever this runs.
    const hour = String((new Date().getUTCHours() + 12) % 24);
    stowage = await Stowage.start({ workers: 2, STOWAGE_LEDGER_AUDIT_HOUR: hour });
    team = await aTeam(stowage.client);
    operator = await aPerson(stowage.client, 'operator');
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    await client.query('update users set is_operator = true where id = $1', [operator.id]);
    await client.query('alter table clusters drop constraint clusters_gpu_millis_check');
    const settings = { url: stowage.database.url, poolMax: 2, applicationName: 'stowage-test' };
    database = new Database(await MikroORM.init(databaseOptions(settings, auditEntities)));
  });

  afterAll(async () => {
    await database.orm.close(true);
    await client.end();
    await stowage.stop();
  });

  /** A cluster in which something has ended, something runs, and something waits. */
  beforeEach(async () => {
    cluster = await TestCluster.create(team, { cpu: 2, gpu: 1 });
    const [first = ''] = await cluster.submitBatch([{}, {}, {}, { resources: { cpu: 2, memoryMib: 1, gpu: 1 } }]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 2);
    await cluster.complete(first);
    await eventually(
      () => cluster.deployment(first),
      ({ releasedAt }) => releasedAt !== null,
    );
    await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 2 && queue.queued === 1);
  });

  const damage = async (sql: string): Promise<void> => {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    const { rowCount } = await client.query(sql);
    await client.query('commit');
    expect(rowCount).toBe(1);
  };

  const stateOf = async (): Promise<string | undefined> =>
    (await client.query<{ state: string }>('select state from clusters where id = $1', [cluster.id])).rows[0]?.state;

  const openFindings = async (): Promise<string[]> =>
    (
      await client.query<{ law: string }>(
        'select law from ledger_findings where cluster_id = $1 and resolved_at is null order by law',
        [cluster.id],
      )
    ).rows.map(({ law }) => law);

  /** An audit on demand; a worker may be at its own just then, and the answer is to come again. */
  const audit = (): Promise<Answer<AuditBody>> =>
    eventually(
      () => operator.post<AuditBody>('/v1/admin/ledger/audit'),
      ({ status }) => status !== 409,
    );

  const metrics = async (): Promise<string> => (await stowage.client.get('/metrics')).text;

  /** Lets the next look at all clusters come at the next tick of a worker, as if it were three seconds later. */
  const lookSoon = async (): Promise<void> => {
    await client.query(`update ledger_audits set started_at = started_at - interval '1 minute',
                                                 finished_at = finished_at - interval '1 minute' where depth = 'quick'`);
  };

  const looks = async (): Promise<Date | undefined> =>
    (await client.query<{ at: Date }>(`select started_at as at from ledger_audits where depth = 'quick'`)).rows[0]?.at;

  it.each(DAMAGE)(
    'finds and reports damage, cordons the cluster, and repairs the ledger by entries: %s',
    async (_name, sql) => {
      const entriesBefore = (await client.query('select * from ledger_entries order by id')).rows;
      await damage(sql(cluster));
      await lookSoon();
      await eventually(openFindings, (laws) => laws.length > 0);
      await eventually(stateOf, (state) => state === 'cordoned');

      expect(await metrics()).toMatch(new RegExp(`stowage_ledger_open_findings\\{.*cluster="${cluster.id}".*\\} 1`));
      const told = await client.query<{ action: string }>(
        `select distinct action from audit_entries where target_id = $1 and actor_name = 'ledger audit' order by 1`,
        [cluster.id],
      );
      expect(told.rows.map(({ action }) => action)).toEqual(['cluster_state_change', 'ledger_finding']);

      const { body } = await audit();
      expect(body.isClean).toBe(false);
      expect(new Set(body.findings.map(({ clusterId }) => clusterId))).toEqual(new Set([cluster.id]));

      const damaged = (await client.query('select * from ledger_entries order by id')).rows;
      const report = await LedgerRepair.over(database).repair(cluster.id);
      expect(report).toMatchObject({ broken: [] });
      expect(await openFindings()).toEqual([]);
      const after = (await client.query('select * from ledger_entries order by id')).rows;
      expect(after.slice(0, damaged.length)).toEqual(damaged);
      expect(after.length - damaged.length).toBe(report?.corrections);
      expect(entriesBefore.length).toBeGreaterThan(2);
      const repairs = await client.query<{ actor_name: string }>(
        `select actor_name from audit_entries where action = 'ledger_repair' and target_id = $1`,
        [cluster.id],
      );
      expect(repairs.rows).toEqual([{ actor_name: 'ledger repair' }]);

      // Everything goes on: what was corrected ends, and what waits gets its turn.
      expect((await cluster.read()).state).toBe('cordoned');
      await cluster.uncordon();
      for (let round = 0; round < 4; round++) {
        const { rows } = await client.query<{ id: string }>(
          `select id from deployments where cluster_id = $1 and status = 'scheduled'`,
          [cluster.id],
        );
        for (const { id } of rows) await cluster.complete(id);
        await eventually(
          async () =>
            (
              await client.query(
                'select 1 from deployments where cluster_id = $1 and released_at is null and ended_at is not null',
                [cluster.id],
              )
            ).rowCount,
          (unsettled) => unsettled === 0,
        );
      }
      await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 0 && queue.queued === 0);
      expect(await LedgerAudit.over(database).fullOf(cluster.id)).toEqual([]);
    },
  );

  it('lets start what was not counted: after a repair there is another pass', async () => {
    const signals = async (): Promise<number | null> =>
      (await client.query('select 1 from cluster_signals where cluster_id = $1', [cluster.id])).rowCount;
    await cluster.cordon();
    const id = await cluster.submit({ priority: 77, resources: { cpu: 0, memoryMib: 1, gpu: 0 } });
    await eventually(signals, (count) => count === 0);
    await damage(`delete from queue_shapes where cluster_id = '${cluster.id}' and priority = 77`);
    await cluster.uncordon();
    await eventually(signals, (count) => count === 0);
    // It fits, and no pass knows of it. That is no drift: the cluster stays open.
    expect(await cluster.statusOf(id)).toBe('queued');
    const report = await LedgerRepair.over(database).repair(cluster.id);
    expect(report).toMatchObject({ corrections: 0, broken: [] });
    await eventually(
      () => cluster.statusOf(id),
      (status) => status === 'scheduled',
    );
    expect((await cluster.read()).state).toBe('active');
  });

  it('looks at all clusters by itself, no more often than every three seconds', async () => {
    // Two workers tick once a second: most of the three seconds have passed, and several ticks follow before the next look.
    await client.query(`update ledger_audits set started_at = now() - interval '1 second', finished_at = now() - interval '1 second'
                        where depth = 'quick'`);
    const last = (await looks())?.getTime() ?? 0;
    const next = await eventually(looks, (at) => (at?.getTime() ?? 0) > last + AT_ONCE_MS);
    expect((next?.getTime() ?? 0) - last).toBeGreaterThanOrEqual(3_000);
  });

  it('reports no finding in a sound ledger, and the time of the last audit', async () => {
    await assertNothingOpen();
    const { status, body } = await audit();
    expect({ status, body }).toMatchObject({ status: 200, body: { isClean: true, findings: [] } });
    expect(body.laws.length).toBeGreaterThanOrEqual(10);
    expect(await metrics()).not.toContain('stowage_ledger_open_findings{');
    const secondsSince = async (depth: string): Promise<number> => {
      const pattern = new RegExp(`stowage_ledger_seconds_since_clean_audit\\{depth="${depth}"\\} ([\\d.]+)`);
      return Number(pattern.exec(await metrics())?.[1]);
    };
    // A quick one comes by itself every few seconds; a full one when it is asked for.
    await eventually(
      async () => {
        await audit();
        return secondsSince('full');
      },
      (seconds) => seconds < 5,
    );
    await eventually(
      () => secondsSince('quick'),
      (seconds) => seconds < 5,
    );
  });

  it('recomputes everything once a night by one of the workers, also after a missed night', async () => {
    const fulls = async (): Promise<{ ageSeconds: number; startedAt: Date }[]> =>
      (
        await client.query<{ ageSeconds: number; startedAt: Date }>(
          `select extract(epoch from now() - started_at)::float8 as "ageSeconds", started_at as "startedAt"
           from ledger_audits where depth = 'full'`,
        )
      ).rows;
    const hours = async (count: number): Promise<void> => {
      await client.query(
        `update ledger_audits set started_at = now() - $1 * interval '1 hour', finished_at = now() - $1 * interval '1 hour'
         where depth = 'full'`,
        [count],
      );
    };
    await eventually(fulls, (rows) => rows.length === 1);
    await hours(25);
    await eventually(fulls, ([row]) => (row?.ageSeconds ?? Infinity) < 60);
    // Done for this night: it does not begin again.
    const [{ startedAt } = { startedAt: null }] = await fulls();
    for (let tick = 0; tick < 2; tick++) {
      await lookSoon();
      const before = (await looks())?.getTime() ?? 0;
      await eventually(looks, (at) => (at?.getTime() ?? 0) > before);
    }
    const again = (await fulls())[0]?.startedAt.getTime() ?? 0;
    expect(again - (startedAt?.getTime() ?? 0)).toBeLessThan(AT_ONCE_MS);
  });

  it('refuses an audit to all but operators', async () => {
    expect((await team.admin.post('/v1/admin/ledger/audit')).status).toBe(403);
  });

  const assertNothingOpen = async (): Promise<void> => {
    expect(await openFindings()).toEqual([]);
    expect((await cluster.read()).state).toBe('active');
  };

  it('prunes records of passes by their age, and of what is gone knows nothing bad', async () => {
    await client.query('create temporary table old as select * from passes order by id limit 1');
    await client.query(`update old set id = '00000000-0000-7000-8000-000000000000'`);
    const old = await client.query('insert into passes select * from old');
    expect(old.rowCount).toBe(1);
    await (await stowage.addWorker()).get(PassRetention, { strict: false }).prune();
    const gone = await client.query(`select 1 from passes where id = '00000000-0000-7000-8000-000000000000'`);
    expect(gone.rowCount).toBe(0);
    expect((await client.query('select 1 from passes where cluster_id = $1', [cluster.id])).rowCount).toBeGreaterThan(
      0,
    );
    expect(await LedgerAudit.over(database).fullOf(cluster.id)).toEqual([]);
    await assertLedgerHolds(stowage.database.url).catch((error: unknown) => {
      // Corrected attempts of the tests above break what tests assert of a history in which nothing was ever wrong.
      expect(String(error)).not.toContain(cluster.id);
    });
  });
});
