import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asyncModelRun } from 'fast-check';
import { Client } from 'pg';

import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds, observeLedger } from '../support/invariants.js';
import { aTeam } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { Act } from './actors.js';
import { Auditor } from './auditor.js';
import { playScenarios } from './scenarios.js';
import { type Operation, OPERATIONS, scriptsOf } from './steps.js';
import { talliesOf, type Tally, Model } from './model.js';

const OPERATION_COUNT = Number(process.env['STOWAGE_MODEL_OPERATIONS'] ?? 1_000);
const ACTORS = 8;
const WORKERS = 3;

/** An audit of the observer costs more the longer the history is; it must leave the machine to the installation. */
const OBSERVER_PAUSE_MS = Math.max(500, OPERATION_COUNT / 10);

/** Operations that can never succeed. */
const NEVER_DONE: readonly Operation[] = ['report-stale'];

/** Operations that are never refused: they may be repeated in every state. */
const NEVER_REFUSED: readonly Operation[] = ['shrink-when-free', 'cordon', 'uncordon', 'drain'];

/** The victims of preemption. */
const PREEMPTED = `deployment_events where cause = 'preempted'`;

/** How often one deployment may be preempted. */
const MAX_PREEMPTIONS = 5;

/** How many reports one request holds. */
const REPORTS = 100;

describe('the ledger, under eight concurrent clients on three clusters with three workers', () => {
  let stowage: Stowage;
  let client: Client;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: WORKERS });
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  const count = async (sql: string): Promise<number> =>
    Number((await client.query<{ count: string }>(`select count(*) from ${sql}`)).rows[0]?.count);

  /** Reports every deployment with resources as succeeded, until none is left in any cluster. */
  async function finish(models: readonly Model[]): Promise<void> {
    await eventually(
      async () => {
        const { rows } = await client.query<{ clusterId: string; ids: string[] }>(
          `select cluster_id as "clusterId", (array_agg(id))[1:${REPORTS}] as ids from deployments
           where status in ('scheduled', 'running') group by 1`,
        );
        for (const { ids } of rows) {
          await models.find(({ promises }) => promises.has(ids[0] ?? ''))?.completeAll(ids);
        }
        return count(
          `(select 1 from cluster_signals union all select 1 from deployments where ended_at is null or released_at is null) rest`,
        );
      },
      (rest) => rest === 0,
      60_000 + OPERATION_COUNT * 10,
    );
  }

  /** Expects that every operation was done and refused, as far as it can be, and every transition of a deployment occurred. */
  async function expectNothingLeftOut(tally: Tally): Promise<void> {
    const idle = OPERATIONS.filter((operation) => tally[operation].done === 0);
    expect(idle).toEqual(NEVER_DONE);
    const neverRefused = OPERATIONS.filter((operation) => tally[operation].refused === 0);
    expect(neverRefused).toEqual(NEVER_REFUSED);
    for (const status of [
      'running',
      'stopping',
      'retrying',
      'succeeded',
      'failed',
      'cancelled',
      'timed_out',
      'expired',
    ]) {
      expect(await count(`deployment_events where to_status = '${status}'`)).toBeGreaterThan(0);
    }
    for (const cause of ['cancelled', 'max-runtime', 'preempted']) {
      expect(await count(`deployment_events where to_status = 'stopping' and cause = '${cause}'`)).toBeGreaterThan(0);
    }
    for (const cause of ['reported', 'grace-over']) {
      expect(await count(`deployment_events where from_status = 'stopping' and cause = '${cause}'`)).toBeGreaterThan(1);
    }
    expect(await count(`deployment_events where from_status = 'stopping' and cause = 'stopped'`)).toBeGreaterThan(0);
    expect(await count(`passes where placed > 0 and released > 0`)).toBeGreaterThan(0);
    expect(await count(PREEMPTED)).toBeGreaterThan(0);
  }

  async function expectPromisesKept(models: readonly Model[], auditor: Auditor): Promise<void> {
    const { rows } = await client.query<{ id: string; status: string }>('select id, status from deployments');
    const promises = new Map(models.flatMap((each) => [...each.promises]));
    expect(rows.map(({ id }) => id).sort()).toEqual([...promises.keys()].sort());
    const broken = rows.filter(({ id, status }) => {
      const outcome = promises.get(id)?.outcome;
      return outcome !== null && outcome !== status;
    });
    expect(broken).toEqual([]);
    expect(
      await count(`clusters where (allocated_cpu_millis, allocated_memory_mib, allocated_gpu_millis) <> (0, 0, 0)`),
    ).toBe(0);
    expect(auditor.entries).toBe(2 * (await count(`ledger_entries where kind = 'allocate'`)));
    // The findings of the service's own audit, except those that are merely late.
    expect(await count(`ledger_findings where law <> 'settled-in-time'`)).toBe(0);
  }

  /** Expects no preemption beyond the limit, for the lowest priority, or without a preemptor. @returns how many deployments were preempted */
  async function expectRightPreemptions(): Promise<number> {
    expect(await count(`deployments where preemptions > ${MAX_PREEMPTIONS}`)).toBe(0);
    // Under a grace period a victim that has not started stops at once; the preemptor may have to wait for other victims.
    const { rows: wrong } = await client.query(`
      select e.pass_id, e.to_status, e.preemptor_priority, d.is_preemptible, d.priority, passes.placed, c.policy
      from deployment_events e
      join deployments d on d.organization_id = e.organization_id and d.id = e.deployment_id
      join clusters c on c.id = d.cluster_id
      join passes on passes.id = e.pass_id
      where e.cause = 'preempted'
        and (not d.is_preemptible or e.preemptor_priority <= 10 or (passes.placed = 0 and coalesce((c.policy ->> 'stopGraceSeconds')::int, 0) = 0))
      limit 20`);
    expect(wrong).toEqual([]);
    const counted = await count(`(select generate_series(1, preemptions) from deployments) every`);
    const told = await count(PREEMPTED);
    expect(counted).toBe(told);
    return told;
  }

  it(
    `holds at every committed version of ${OPERATION_COUNT} operations, and every promise is kept`,
    async () => {
      const { seed } = Random.of('the ledger model');
      const team = await aTeam(stowage.client);
      const capacity = { cpu: 24, memoryMib: 2_000, gpu: 4 };
      const clusters = [
        await TestCluster.create(team, capacity),
        await TestCluster.create(team, capacity),
        await TestCluster.create(team, capacity),
      ];
      const model = new Model();
      const modelOfScenarios = new Model();
      // One of them grants a grace period: sometimes long enough for a report, sometimes not.
      for (const cluster of clusters.slice(0, 1)) await model.grant(cluster, 1);
      // All of them preempt lower priorities.
      for (const cluster of clusters) await model.letPreempt(cluster, MAX_PREEMPTIONS);
      const { auditor, stop } = await Auditor.watch(stowage.database.url);
      const observer = observeLedger(stowage.database.url, OBSERVER_PAUSE_MS);

      // 1. All clients follow their scripts at once; beside them, scenarios bring every operation to each of its outcomes.
      const playing = scriptsOf(seed, ACTORS, OPERATION_COUNT, clusters.length).map(async (script) =>
        asyncModelRun(
          () => ({ model, real: clusters }),
          script.map((step) => new Act(step)),
        ),
      );
      await Promise.all([playScenarios(modelOfScenarios, team), ...playing]).catch(async (error: unknown) => {
        await Promise.allSettled([...playing, observer.stop(), stop()]);
        throw error;
      });

      // 2. Clusters grow, and the remaining deployments start and end.
      for (const cluster of clusters) {
        await model.resize('grow', cluster, { cpu: 100_000, memoryMib: 1_000_000, gpu: 100_000 });
        await model.turn('uncordon', cluster);
      }
      const models = [model, modelOfScenarios];
      await finish(models);
      await eventually(
        async () => Promise.resolve([auditor.looks, observer.looks()]),
        ([first = 0, second = 0]) => first > 20 && second > 3,
        60_000,
      );
      await observer.stop();
      await stop();
      await assertLedgerHolds(stowage.database.url);

      // 3. The final state is what the answers promised; no deployment has resources.
      await expectPromisesKept(models, auditor);
      const told = await expectRightPreemptions();

      // 4. The run was not vacuous, whatever the seed.
      const tally = talliesOf(models);
      process.stderr.write(
        `the ledger model: ${told} preemptions ${JSON.stringify(tally)} ${auditor.looks} looks at ${auditor.entries} entries, ${observer.looks()} at everything\n`,
      );
      await expectNothingLeftOut(tally);
    },
    120_000 + OPERATION_COUNT * 60,
  );
});
