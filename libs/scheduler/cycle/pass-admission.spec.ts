import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { type Settings } from '#config';
import { type Nudges, type PassJob } from '#queue';

import { type PlannerPool } from '../planner/planner-pool.js';
import { type ClusterOwners } from './cluster-owners.js';
import { PassAdmission } from './pass-admission.js';
import { type PassTurn } from './pass.service.js';
import { type PassRunner } from './pass-runner.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The turn of a cluster that runs until a test ends it. */
interface Running {
  readonly job: PassJob;
  readonly turn: PassTurn;
  readonly end: (isSettled: boolean) => void;
  readonly fail: (error: Error) => void;
}

/** An admission over turns that a test ends. The account of a cluster is the first letter of its id. */
class Stage {
  /** Clusters in the order of their turns. */
  readonly turns: string[] = [];
  readonly running = new Map<string, Running>();
  /** Clusters whose marks were deleted. */
  readonly begun: string[] = [];
  readonly admission: PassAdmission;

  constructor(slots = 2, slotsOfAccount = slots - 1) {
    const owners = {
      of: (ids: readonly string[]) =>
        Promise.resolve(new Map(ids.map((id) => [id, { accountId: id.slice(0, 1), organizationId: id.slice(0, 1) }]))),
    } as unknown as ClusterOwners;
    const run = (job: PassJob, turn: PassTurn): Promise<boolean> => {
      this.turns.push(job.clusterId);
      return new Promise<boolean>((end, fail) => this.running.set(job.clusterId, { job, turn, end, fail })).finally(
        () => this.running.delete(job.clusterId),
      );
    };
    const begin = (clusterId: string): Promise<void> => Promise.resolve(void this.begun.push(clusterId));
    const settings = { sweepIntervalMs: 20 } as Settings;
    const planner = { slots, slotsOfAccount } as PlannerPool;
    this.admission = new PassAdmission(settings, owners, { run } as PassRunner, { begin } as Nudges, planner);
  }

  async bring(...clusterIds: string[]): Promise<boolean[]> {
    const answers = [];
    for (const clusterId of clusterIds) answers.push(await this.admission.bring({ clusterId }));
    await settled();
    return answers;
  }

  async end(clusterId: string, isSettled = true): Promise<void> {
    this.running.get(clusterId)?.end(isSettled);
    await settled();
    await settled();
  }
}

describe('PassAdmission', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('begins no pass before the worker has started', async () => {
    const stage = new Stage();
    expect(await stage.bring('a1')).toEqual([true]);
    expect(stage.turns).toEqual([]);
    stage.admission.open();
    await settled();
    expect(stage.turns).toEqual(['a1']);
  });

  it('runs as many passes as the worker is set to, never all of one account, and lets accounts take turns', async () => {
    const stage = new Stage(3);
    stage.admission.open();
    await stage.bring('a1', 'a2', 'a3', 'a4', 'b1', 'b2');
    expect(stage.turns).toEqual(['a1', 'a2', 'b1']);
    for (const one of ['a1', 'b1', 'a2']) await stage.end(one);
    expect(stage.turns).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4']);
  });

  it('runs no more passes of one account than threads plan for one at a time', async () => {
    const stage = new Stage(4, 1);
    stage.admission.open();
    await stage.bring('a1', 'a2', 'b1', 'b2', 'c1');
    expect(stage.turns).toEqual(['a1', 'b1', 'c1']);
    await stage.end('a1');
    expect(stage.turns).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  it('lets a cluster wait once, for jobs and the sweep together', async () => {
    const stage = new Stage();
    stage.admission.open();
    await stage.bring('a1', 'a2', 'a2');
    await stage.admission.offer(['a1', 'a2']);
    await stage.end('a1');
    await stage.end('a2');
    await stage.admission.idle();
    expect(stage.turns).toEqual(['a1', 'a2']);
  });

  it('gives a cluster another turn when a job came after its last look for signals, and not when one came before', async () => {
    const stage = new Stage();
    stage.admission.open();
    await stage.bring('a1', 'a1');
    expect(stage.begun).toEqual(['a1']);
    await stage.running.get('a1')?.turn.beforeLooking();
    expect(stage.begun).toEqual(['a1', 'a1']);
    await stage.end('a1');
    expect(stage.turns).toEqual(['a1']);
    await stage.bring('a1', 'a1');
    await stage.end('a1');
    expect(stage.turns).toEqual(['a1', 'a1', 'a1']);
    expect(stage.begun).toHaveLength(4);
    await stage.end('a1');
    await stage.admission.idle();
  });

  it('sends a cluster whose turn is over to the end of the line', async () => {
    const stage = new Stage();
    stage.admission.open();
    await stage.bring('a1', 'a2');
    await stage.end('a1', false);
    await stage.end('a2');
    expect(stage.turns).toEqual(['a1', 'a2', 'a1']);
  });

  it('ends the time of a turn', async () => {
    const stage = new Stage();
    stage.admission.open();
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    await stage.bring('a1');
    expect(stage.running.get('a1')?.turn.isOver()).toBe(false);
    now.mockReturnValue(1_200);
    expect(stage.running.get('a1')?.turn.isOver()).toBe(true);
  });

  it('gives the slot of a pass that failed to the next, and exempts its cluster from the sweep for an interval', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const stage = new Stage();
    stage.admission.open();
    await stage.bring('a1', 'a2');
    stage.running.get('a1')?.fail(new Error('no connection'));
    await settled();
    await settled();
    expect(warn.mock.calls).toEqual([['a pass on cluster a1 failed and changed nothing: Error: no connection']]);
    expect(stage.turns).toEqual(['a1', 'a2']);
    expect([...stage.admission.exempt()]).toEqual(['a2', 'a1']);
    await stage.end('a2');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([...stage.admission.exempt()]).toEqual([]);
  });

  it('sends away what waits when the worker stops, and ends what runs', async () => {
    const stage = new Stage();
    stage.admission.open();
    await stage.bring('a1', 'a2');
    const closed = stage.admission.close();
    await settled();
    expect(await stage.bring('b1')).toEqual([false]);
    await stage.end('a1');
    expect(await closed).toEqual(['a1', 'a2']);
    expect(stage.turns).toEqual(['a1']);
  });
});
