import { afterAll, describe, expect, it } from '@jest/globals';

import { gpus, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { ManualPasses } from '../support/manual-passes.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';

interface PreemptionAnalysis {
  allowed: boolean;
  sentence: string;
  victims: { id: string; name: string; priority: number; lostSeconds: number }[];
  candidates: { id: string }[];
  ineligible: { reason: string; deployments: number; until: string | null }[];
  shortfall: Record<string, unknown>[];
}

interface Explanation {
  startsNext: boolean;
  preemption: PreemptionAnalysis | null;
  unlocks: Record<string, unknown>[];
}

interface Counts {
  before: number;
  after: number;
}

interface Answer {
  asOf: string;
  starts: string[];
  nominations: { id: string; until: string }[];
  waits: string[];
  nominated: Counts;
  preempted: Counts;
  victims: { id: string; name: string; lostSeconds: number; preemptorId: string }[];
  deployments: { id: string; starts: number; waits: number; nominations: number; sentence: string | null }[];
  changes: { id: string; nominations: number; blockers: { code: string }[] }[];
}

const YIELDING = { preemption: 'lower-priority', preemptAfterSeconds: 0 } as const;
const GRACEFUL = { ...YIELDING, stopGraceSeconds: 300 } as const;

const stowage = await sharedInstallation('manual');
const team = await aTeam(stowage.client);
const passes = await ManualPasses.of(stowage);

describe('what would be stopped for others', () => {
  afterAll(() => passes.stop());

  const explain = async (cluster: TestCluster, id: string): Promise<Explanation> =>
    (await team.viewer.get<Explanation>(`${cluster.deploymentPath(id)}/explanation`)).body;

  const ask = async (cluster: TestCluster, body: unknown): Promise<Answer> =>
    (await team.viewer.post<Answer>(`${cluster.path}/plan`, body)).body;

  /** The deployments whose end would start another, by id. */
  const namesOf = (unlocks: readonly Record<string, unknown>[]): string[] =>
    unlocks
      .flatMap(({ deployments }) => (deployments ?? []) as { readonly id: string }[])
      .map(({ id }) => id)
      .sort();

  /** Eight GPUs: three that may be given up, three that may not; of low priority all of them. */
  const aBusyCluster = async (): Promise<{ cluster: TestCluster; soft: string; waiting: string }> => {
    const cluster = await TestCluster.create(team, { gpu: 6 });
    const soft = await cluster.submit({ name: 'soft', priority: 10, resources: gpus(3), preemptible: true });
    await cluster.submit({ name: 'hard', priority: 10, resources: gpus(3) });
    await passes.run(cluster.id);
    const waiting = await cluster.submit({ name: 'waiting', priority: 60, resources: gpus(2) });
    await passes.run(cluster.id);
    return { cluster, soft, waiting };
  };

  it('explains possible preemption where the policy forbids preemption, with the policy that would allow a start', async () => {
    const { cluster, soft, waiting } = await aBusyCluster();
    const { preemption, unlocks } = await explain(cluster, waiting);
    expect(preemption).toMatchObject({
      allowed: false,
      sentence: 'Nothing that runs is stopped for it: this cluster does not allow that.',
      victims: [],
      ineligible: expect.arrayContaining([{ reason: 'not-preemptible', deployments: 1, until: null }]),
    });
    expect(unlocks).not.toContainEqual(expect.objectContaining({ kind: 'policy' }));
    // It has not run for the minute that a policy grants unless it says otherwise.
    await team.admin.patch(cluster.path, { policy: { preemptAfterSeconds: 0 } });
    const told = await explain(cluster, waiting);
    expect(told.preemption?.candidates.map(({ id }) => id)).toEqual([soft]);
    expect(told.unlocks).toContainEqual({ kind: 'policy', preemption: 'lower-priority' });
  });

  it('shows victims and their preemptors in a what-if answer, and preempts the same in the next pass', async () => {
    const { cluster, soft, waiting } = await aBusyCluster();
    const told = await ask(cluster, { policy: YIELDING });
    expect(told).toMatchObject({
      starts: [waiting],
      preempted: { before: 0, after: 1 },
      victims: [{ id: soft, name: 'soft', preemptorId: waiting }],
    });
    await team.admin.patch(cluster.path, { policy: YIELDING });
    const { startsNext, preemption } = await explain(cluster, waiting);
    expect(startsNext).toBe(true);
    expect(preemption?.victims.map(({ name }) => name)).toEqual(['soft']);
    expect(preemption?.sentence).toMatch(
      /^So that what waits with this priority can start, soft will be stopped, and lose \d+ seconds? of work\.$/,
    );
    await passes.run(cluster.id);
    expect([(await cluster.deployment(soft)).status, (await cluster.deployment(waiting)).status]).toEqual([
      'queued',
      'scheduled',
    ]);
  });

  it('shows victims of imagined deployments in a what-if answer', async () => {
    const { cluster, soft } = await aBusyCluster();
    const told = await ask(cluster, {
      policy: YIELDING,
      deployments: [{ resources: gpus(3), priority: 90 }],
    });
    expect(told.deployments[0]?.starts).toBe(1);
    expect(told.victims).toMatchObject([{ id: soft, preemptorId: told.deployments[0]?.id }]);
  });

  describe('under a grace', () => {
    /** The same, and what may be given up has started: it gets time to stop. */
    const aRunningCluster = async (): ReturnType<typeof aBusyCluster> => {
      const busy = await aBusyCluster();
      await busy.cluster.start(busy.soft);
      return busy;
    };

    const inFiveMinutes = (asOf: string): string => new Date(Date.parse(asOf) + 300_000).toISOString();

    it('shows nominations and their latest start in a what-if answer, and makes the same in the next pass', async () => {
      const { cluster, soft, waiting } = await aRunningCluster();
      const told = await ask(cluster, { policy: GRACEFUL });
      expect(told).toMatchObject({
        starts: [],
        nominations: [{ id: waiting, until: inFiveMinutes(told.asOf) }],
        waits: [],
        nominated: { before: 0, after: 1 },
        preempted: { before: 0, after: 1 },
        victims: [{ id: soft, preemptorId: waiting }],
      });
      await team.admin.patch(cluster.path, { policy: { preemptAfterSeconds: 0, stopGraceSeconds: 300 } });
      expect((await explain(cluster, waiting)).unlocks).toContainEqual({
        kind: 'policy',
        preemption: 'lower-priority',
        startsBy: expect.any(String),
      });
      await team.admin.patch(cluster.path, { policy: YIELDING });
      await passes.run(cluster.id);
      expect([(await cluster.deployment(soft)).status, (await cluster.deployment(waiting)).status]).toEqual([
        'stopping',
        'queued',
      ]);
      const { sentence } = (await team.viewer.get<{ sentence: string }>(`${cluster.deploymentPath(soft)}/explanation`))
        .body;
      expect(sentence).toMatch(
        /^It does not wait: its runtime was asked at \S+ \S+ UTC to stop it, to make room for a higher priority\. When that is reported, at \S+ \S+ UTC at the latest, it is queued again, unless it is reported to have succeeded\.$/,
      );
      // It has the nomination now: that is no difference any more, and nothing has to be changed for it.
      expect(await ask(cluster, {})).toMatchObject({ starts: [], nominations: [], nominated: { before: 1, after: 1 } });
      for (const policy of [GRACEFUL, { preemption: 'never' }]) {
        await team.admin.patch(cluster.path, { policy });
        const { preemption } = await explain(cluster, waiting);
        expect(preemption).toMatchObject({
          victims: [{ id: soft, name: 'soft', lostSeconds: expect.any(Number) }],
          sentence: expect.stringMatching(
            /^So that what waits with this priority can start, soft is being stopped, and loses /,
          ),
        });
      }
      expect((await explain(cluster, waiting)).unlocks).toEqual([{ kind: 'nothing', startsBy: expect.any(String) }]);
      await cluster.complete(soft);
      await passes.run(cluster.id);
      expect((await cluster.deployment(waiting)).status).toBe('scheduled');
    });

    it('lists deployments that would lose a nomination, and those that would start at once instead', async () => {
      const { cluster, waiting } = await aRunningCluster();
      await team.admin.patch(cluster.path, { policy: GRACEFUL });
      await passes.run(cluster.id);
      expect(await ask(cluster, { deployments: [{ resources: gpus(3), priority: 90 }] })).toMatchObject({
        starts: [],
        nominations: [],
        waits: [waiting],
        nominated: { before: 1, after: 1 },
        deployments: [{ starts: 0, waits: 1, nominations: 1, sentence: expect.stringContaining('still stopping') }],
      });
      expect(await ask(cluster, { capacity: { gpu: 8 } })).toMatchObject({
        starts: [waiting],
        nominations: [],
        waits: [],
        nominated: { before: 1, after: 0 },
      });
    });

    it('counts nominations of what is only thought of, and of what would ask for something else', async () => {
      const { cluster, waiting } = await aRunningCluster();
      await team.admin.patch(cluster.path, { policy: GRACEFUL });
      const told = await ask(cluster, {
        deployments: [{ resources: gpus(1), priority: 90, count: 5 }],
        changes: [{ id: waiting, priority: 91 }],
      });
      expect(told).toMatchObject({
        deployments: [{ starts: 0, waits: 5, nominations: 1 }],
        changes: [
          {
            id: waiting,
            nominations: 1,
            blockers: expect.arrayContaining([expect.objectContaining({ code: 'NOMINATED' })]),
          },
        ],
      });
    });
  });

  describe('of several alike', () => {
    /** Two of one GPU each that started together, and were told to stop for another one in the same pass. */
    const twoStopping = async (): Promise<{ cluster: TestCluster; preemptor: string; stopping: string[] }> => {
      const cluster = await TestCluster.create(team, { gpu: 2 });
      await team.admin.patch(cluster.path, { policy: GRACEFUL });
      const soft = { priority: 10, resources: gpus(1), preemptible: true };
      const stopping = await cluster.submitBatch([soft, soft]);
      await passes.run(cluster.id);
      for (const id of stopping) await cluster.start(id);
      const preemptor = await cluster.submit({ priority: 90, resources: gpus(2) });
      await passes.run(cluster.id);
      for (const id of stopping) expect(await cluster.statusOf(id)).toBe('stopping');
      return { cluster, preemptor, stopping };
    };

    it('treats each of several alike deployments that stop as one of its own in a what-if request', async () => {
      const { cluster, preemptor, stopping } = await twoStopping();
      expect(await ask(cluster, { ended: stopping })).toMatchObject({
        starts: [preemptor],
        nominations: [],
        waits: [],
      });
      for (const id of stopping) expect(await ask(cluster, { ended: [id] })).toMatchObject({ starts: [] });
    });

    it('names each of several alike deployments that stop once among those whose end would start another', async () => {
      const { cluster, preemptor, stopping } = await twoStopping();
      await cluster.cancel(preemptor);
      // Both would come back before it.
      const other = await cluster.submit({ priority: 5, resources: gpus(2) });
      const { unlocks } = await explain(cluster, other);
      expect(namesOf(unlocks)).toEqual(stopping.toSorted());
    });

    it('distinguishes a running deployment that may not be preempted from an alike one that may', async () => {
      const cluster = await TestCluster.create(team, { gpu: 2 });
      const alike = { priority: 10, resources: gpus(1) };
      const running = [await cluster.submit({ ...alike, preemptible: true }), await cluster.submit(alike)];
      await passes.run(cluster.id);
      const other = await cluster.submit({ priority: 5, resources: gpus(2) });
      const { unlocks } = await explain(cluster, other);
      expect(namesOf(unlocks)).toEqual(running.toSorted());
      expect(await ask(cluster, { ended: running })).toMatchObject({ starts: [other] });
    });

    it('counts a preemptible deployment once among alike ones that end within the same millisecond', async () => {
      const cluster = await TestCluster.create(team, { gpu: 2 });
      await team.admin.patch(cluster.path, { policy: YIELDING });
      const alike = { priority: 10, resources: gpus(1), maxRuntimeSeconds: 3600 };
      const running = [await cluster.submit({ ...alike, preemptible: true }), await cluster.submit(alike)];
      await passes.run(cluster.id);
      await withClient(stowage.database.url, (client) =>
        client.query(
          `update deployments set due_at = date_trunc('hour', now()) + interval '2 hours'
             + array_position($1::uuid[], id) * interval '10 microseconds'
           where id = any($1)`,
          [running],
        ),
      );
      const { preemption } = await explain(cluster, await cluster.submit({ priority: 60, resources: gpus(2) }));
      expect(preemption?.candidates.map(({ id }) => id)).toEqual([running[0]]);
      expect(preemption?.ineligible).toEqual([{ reason: 'not-preemptible', deployments: 1, until: null }]);
    });

    it('distinguishes deployments out of time that the next pass lets stop from those that the pass ends', async () => {
      const cluster = await TestCluster.create(team, { gpu: 2 });
      await team.admin.patch(cluster.path, { policy: GRACEFUL });
      const alike = { priority: 10, resources: gpus(1), maxRuntimeSeconds: 3600 };
      const [started, unstarted] = (await cluster.submitBatch([alike, alike])) as [string, string];
      await passes.run(cluster.id);
      await cluster.start(started);
      const other = await cluster.submit({ priority: 5, resources: gpus(2) });
      await withClient(stowage.database.url, (client) =>
        client.query(`update deployments set due_at = statement_timestamp() where id = any($1)`, [
          [started, unstarted],
        ]),
      );
      expect(await ask(cluster, { ended: [started, unstarted] })).toMatchObject({ starts: [other] });
      expect(await ask(cluster, { ended: [unstarted] })).toMatchObject({ starts: [] });
    });
  });

  it('shows the shortfall that remains even if all candidates were preempted', async () => {
    const { cluster } = await aBusyCluster();
    await team.admin.patch(cluster.path, { policy: YIELDING });
    const large = await cluster.submit({ priority: 61, resources: gpus(4) });
    const { preemption } = await explain(cluster, large);
    expect(preemption?.shortfall).toEqual([{ resource: 'gpu', needed: 4, available: 1 }]);
    expect(preemption?.ineligible).toContainEqual({ reason: 'stopping', deployments: 1, until: null });
  });

  describe('is what the comparison of two deployments tells', () => {
    const compareWith = async (
      cluster: TestCluster,
      first: string,
      other: string,
    ): Promise<Record<string, unknown>> => {
      const query = `unlocks=false&eta=none&compareWith=${other}`;
      const told = await team.viewer.get<{ comparison: Record<string, unknown> }>(
        `${cluster.deploymentPath(first)}/explanation?${query}`,
      );
      return told.body.comparison;
    };

    it('compares a preemptor with its victims and with deployments of equal priority', async () => {
      const { cluster, soft, waiting } = await aBusyCluster();
      const equal = await cluster.submit({ name: 'equal', priority: 10, resources: gpus(2) });
      await team.admin.patch(cluster.path, { policy: YIELDING });
      await passes.run(cluster.id);
      expect(await compareWith(cluster, waiting, equal)).toMatchObject({
        first: waiting,
        rule: 'preempted',
        priority: 60,
        otherPriority: 10,
        victims: 1,
        victimPriority: 10,
        fromRecord: true,
        sentence:
          'waiting started before equal because 1 running deployment was stopped to make room for it: of priority 10, which yields to its 60, and not to the 10 of equal.',
      });
      const yielded = {
        first: waiting,
        rule: 'yielded',
        priority: 60,
        sentence: 'waiting started before soft because soft was stopped to make room for what waited with priority 60.',
      };
      expect(await compareWith(cluster, soft, waiting)).toMatchObject(yielded);
      expect(await compareWith(cluster, waiting, soft)).toMatchObject(yielded);
      await cluster.complete(waiting);
      await passes.runUntilSettled(cluster.id);
      expect((await cluster.deployment(soft)).status).toBe('scheduled');
      expect(await compareWith(cluster, soft, waiting)).toMatchObject(yielded);
    });

    it('compares two waiting deployments by the current order after a start was undone', async () => {
      const { cluster, soft } = await aBusyCluster();
      const equal = await cluster.submit({ name: 'equal', priority: 30, resources: gpus(3) });
      await team.admin.patch(cluster.path, { policy: YIELDING });
      const urgent = await cluster.submit({ name: 'urgent', priority: 70, resources: gpus(2) });
      await passes.run(cluster.id);
      expect((await cluster.deployment(soft)).status).toBe('queued');
      expect((await cluster.deployment(urgent)).status).toBe('scheduled');
      expect(await compareWith(cluster, soft, equal)).toMatchObject({ first: equal, rule: 'priority', passId: null });
    });

    it('compares a deployment that was nominated until its victims had stopped', async () => {
      const { cluster, soft, waiting } = await aBusyCluster();
      const rival = await cluster.submit({ name: 'rival', priority: 60, resources: gpus(3) });
      await team.admin.post(`${cluster.deploymentPath(soft)}/start`);
      await team.admin.patch(cluster.path, { policy: { ...YIELDING, stopGraceSeconds: 600 } });
      await passes.run(cluster.id);
      expect((await cluster.deployment(soft)).status).toBe('stopping');
      await team.admin.post(`${cluster.deploymentPath(soft)}/complete`, { outcome: 'failed' });
      await passes.runUntilSettled(cluster.id);
      const told = await compareWith(cluster, rival, waiting);
      const first = told['first'] === waiting ? 'waiting' : 'rival';
      expect(told).toMatchObject({ rule: 'nominated', fromRecord: true, nominatedAt: expect.any(String) });
      expect(told['sentence']).toContain(`${first} started before `);
      expect(told['sentence']).toContain('because others had been stopped to make room for it, since ');
      expect(await compareWith(cluster, soft, String(told['first']))).toMatchObject({
        first: told['first'],
        rule: 'yielded',
        priority: 60,
      });
    });
  });
});
