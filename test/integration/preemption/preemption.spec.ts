import { describe, expect, it } from '@jest/globals';

import { PreemptionStage } from '../../support/preemption.js';

const stage = await PreemptionStage.shared();

describe('preemption, pass by pass', () => {
  it('starts a higher priority in the place of what has lost least, which waits again with its age', async () => {
    const scene = await stage.scene(4);
    const low = [
      await scene.submit(10, 1),
      await scene.submit(10, 1),
      await scene.submit(10, 1),
      await scene.submit(10, 1),
    ];
    await scene.pass();
    await scene.start(low[0]!);
    await scene.age(low.slice(0, 2), 1_000);
    const before = await Promise.all(low.map((id) => scene.cluster.deployment(id)));

    const high = await scene.submit(90, 2);
    await scene.pass();

    expect(await scene.standings([high, ...low])).toEqual([
      { status: 'scheduled', attempt: 1, preemptions: 0 },
      { status: 'running', attempt: 1, preemptions: 0 },
      { status: 'scheduled', attempt: 1, preemptions: 0 },
      { status: 'queued', attempt: 2, preemptions: 1 },
      { status: 'queued', attempt: 2, preemptions: 1 },
    ]);
    const after = await Promise.all(low.map((id) => scene.cluster.deployment(id)));
    expect(after.map(({ queuedAt }) => queuedAt)).toEqual(before.map(({ queuedAt }) => queuedAt));
    const moves = await scene.moves(low[3]!);
    expect(moves.at(-1)).toMatchObject({
      from: 'scheduled',
      to: 'queued',
      cause: 'preempted',
      attempt: 2,
      preemptorId: high,
      preemptorPriority: 90,
    });
    expect(moves.at(-1)?.lostSeconds).toBeGreaterThanOrEqual(0);

    const pass = (await scene.cluster.passes()).at(-1);
    expect(pass).toMatchObject({ placed: 1, preempted: 2, released: 2 });
    expect(pass?.certificate).toMatchObject({ optimal: true });

    // What gave way starts again when there is room, as the second attempt, and nothing is preempted for it.
    await scene.report(high, 'succeeded');
    await scene.pass();
    expect(await scene.statuses(low)).toEqual(['running', 'scheduled', 'scheduled', 'scheduled']);
    expect(await scene.evictions()).toBe(2);
  });

  it('records the lost seconds of a victim in its event and in the record of the pass', async () => {
    const scene = await stage.scene(1);
    const low = await scene.submit(10, 1);
    await scene.pass();
    await scene.age([low], 5_000);
    const high = await scene.submit(20, 1);
    await scene.pass();

    const lost = (await scene.moves(low)).at(-1)?.lostSeconds ?? 0;
    expect(lost).toBeGreaterThanOrEqual(5_000);
    expect(lost).toBeLessThan(5_600);
    const pass = (await scene.cluster.passes()).at(-1);
    const { body } = await stage.team.viewer.get<{ snapshot: { preempted: unknown } }>(
      `${scene.cluster.path}/passes/${pass?.id ?? ''}`,
    );
    expect(body.snapshot.preempted).toEqual([
      { deploymentId: low, priority: 10, preemptorPriority: 20, lostSeconds: lost },
    ]);
    expect(await scene.statuses([high])).toEqual(['scheduled']);
    const usage = await stage.team.viewer.get<{ preempted: unknown }>(`${scene.cluster.path}/usage`);
    expect(usage.body.preempted).toMatchObject({
      count: 1,
      lostSeconds: lost,
      cpuHours: Number((lost / 3_600).toFixed(9)),
      gpuHours: 0,
      attempts: [{ deploymentId: low, attempt: 1, preemptorId: high, preemptorPriority: 20, lostSeconds: lost }],
    });
  });

  it.each([
    { what: 'of equal priority', priority: 50 },
    { what: 'of higher priority', priority: 60 },
    { what: 'that is not marked', fields: { preemptible: false } },
    { what: 'that is too young', policy: { preemptAfterSeconds: 3_600 } },
    { what: 'under a cap of 0', policy: { maxPreemptions: 0 } },
    { what: 'where the policy says never', policy: { preemption: 'never' } },
    { what: 'for what does not fit even so', wants: 3 },
    { what: 'in a cordoned cluster', isCordoned: true },
  ])('gives up nothing $what', async ({ priority = 10, fields = {}, policy = {}, wants = 2, isCordoned = false }) => {
    const scene = await stage.scene(2, policy);
    const running = [await scene.submit(priority, 1, fields), await scene.submit(priority, 1, fields)];
    await scene.pass();
    if (isCordoned) await scene.cluster.cordon();
    // What asks for more than the cluster has is refused: it has to be beside something that stays.
    if (wants > 2)
      await stage.team.admin.patch(scene.cluster.path, { capacity: { cpu: 3, memoryMib: 1_000_000, gpu: 0 } });
    const stays = wants > 2 ? [await scene.submit(10, 1, { preemptible: false })] : [];
    await scene.pass();
    const high = await scene.submit(50, wants);
    await scene.pass();
    expect(await scene.statuses([high, ...running, ...stays])).toEqual([
      'queued',
      ...running.map(() => 'scheduled'),
      ...stays.map(() => 'scheduled'),
    ]);
    expect(await scene.evictions()).toBe(0);
  });

  it('gives up one deployment as often as the policy allows, and then never again', async () => {
    const scene = await stage.scene(1, { maxPreemptions: 2 });
    const low = await scene.submit(10, 1);
    await scene.pass();
    for (const time of [1, 2]) {
      const high = await scene.submit(90, 1);
      await scene.pass();
      expect(await scene.standings([low])).toEqual([{ status: 'queued', attempt: time + 1, preemptions: time }]);
      await scene.report(high, 'succeeded');
      await scene.pass();
    }
    const high = await scene.submit(90, 1);
    await scene.pass();
    expect(await scene.statuses([low, high])).toEqual(['scheduled', 'queued']);
    expect(await scene.evictions()).toBe(2);
  });

  it('preempts the lowest priority first, and no more than needed', async () => {
    const scene = await stage.scene(6);
    const low = await scene.submit(10, 2);
    const middle = await scene.submit(20, 2);
    const upper = await scene.submit(30, 2);
    await scene.pass();
    await scene.age([low], 10_000);
    const high = await scene.submit(90, 1);
    await scene.pass();
    expect(await scene.statuses([high, low, middle, upper])).toEqual(['scheduled', 'queued', 'scheduled', 'scheduled']);
    // One core is left of what gave way: enough for another small one.
    const small = await scene.submit(90, 1);
    await scene.pass();
    expect(await scene.statuses([small, middle, upper])).toEqual(['scheduled', 'scheduled', 'scheduled']);
    expect(await scene.evictions()).toBe(1);
  });

  it('asks what runs to stop where there is grace, and lets no third have what comes back piece by piece (Kueue 13662)', async () => {
    const scene = await stage.scene(2, { stopGraceSeconds: 600 });
    const low = [await scene.submit(10, 1), await scene.submit(10, 1)];
    await scene.pass();
    for (const id of low) await scene.start(id);
    const high = await scene.submit(90, 2);
    await scene.pass();
    expect(await scene.statuses([...low, high])).toEqual(['stopping', 'stopping', 'queued']);
    expect(await scene.evictions()).toBe(2);

    // One has stopped before the other: it waits again, and neither it nor anybody else gets what it had.
    await scene.report(low[0]!, 'failed');
    const third = await scene.submit(50, 1);
    await scene.pass();
    expect(await scene.statuses([...low, high, third])).toEqual(['queued', 'stopping', 'queued', 'queued']);
    await stage.assertLedgerHolds();
    await scene.report(low[1]!, 'failed');
    await scene.pass();
    expect(await scene.statuses([...low, high, third])).toEqual(['queued', 'queued', 'scheduled', 'queued']);
    expect(await scene.standings(low)).toEqual([
      { status: 'queued', attempt: 2, preemptions: 1 },
      { status: 'queued', attempt: 2, preemptions: 1 },
    ]);
    expect(await scene.evictions()).toBe(2);
    const usage = await stage.team.viewer.get<{ preempted: { count: number; attempts: unknown[] } }>(
      `${scene.cluster.path}/usage`,
    );
    expect(usage.body.preempted.count).toBe(2);
    for (const lost of usage.body.preempted.attempts) {
      expect(lost).toMatchObject({ attempt: 1, preemptorId: high, preemptorPriority: 90 });
    }
  });

  it('preempts deployments without a reported start at once under a grace, and keeps what runs', async () => {
    const scene = await stage.scene(2, { stopGraceSeconds: 600 });
    const [running, scheduled] = [await scene.submit(10, 1), await scene.submit(10, 1)];
    await scene.pass();
    await scene.start(running);
    await scene.submit(90, 1, { name: 'high' });
    await scene.pass();
    expect(await scene.statuses([running, scheduled])).toEqual(['running', 'queued']);
    expect(await scene.evictions()).toBe(1);
  });

  it('counts the time in the queue anew for what gave way', async () => {
    const scene = await stage.scene(1);
    const low = await scene.submit(10, 1, { queueTimeoutSeconds: 600 });
    await scene.pass();
    await scene.age([low], 5_000);
    await scene.submit(90, 1);
    await scene.pass();
    await scene.pass();
    expect(await scene.statuses([low])).toEqual(['queued']);
  });
});
