import { describe, expect, it } from '@jest/globals';

import { blockOf, lineOf, progressOf } from './progress.js';
import { ResourceVector } from './resources.js';
import { Site } from './site.js';
import { aPerson } from './testing/person.js';
import { type Task } from './workload.js';

const CLUSTER = {
  id: 'c',
  name: 'pool',
  capacity: { cpu: 4, memoryMib: 0, gpu: 0 },
  allocated: { cpu: 0, memoryMib: 0, gpu: 0 },
  available: { cpu: 4, memoryMib: 0, gpu: 0 },
  queue: { queued: 0 },
};
const REQUEST = ResourceVector.of({ cpuMillis: 1_000, memoryMib: 0, gpuMillis: 0 });
const TASK: Task = { order: { name: 'x', request: REQUEST, priority: 1 }, fate: 'succeeded', pace: 1 };

/** A cluster to which ten deployments were submitted, and that was not looked at since. */
function aSite(): Site {
  const person = aPerson();
  const tasks = Array<Task>(10).fill(TASK);
  const site = new Site(
    'lab/pool',
    { organizationId: 'o', clusterId: 'c' },
    CLUSTER,
    { admin: person, developer: person, viewer: person },
    tasks,
  );
  for (let id = 0; id < 10; id++) site.taskOf.set(`d${id}`, TASK);
  return site;
}

const runs = (site: Site, count: number, queued: number): void => {
  const allocated = ResourceVector.from((resource) => count * REQUEST[resource]);
  site.view = { ...site.view, allocated, available: site.view.capacity.minus(allocated), queued };
};

describe('progress', () => {
  it('counts as waiting what was just submitted', () => {
    expect(progressOf([aSite()])).toMatchObject({ total: 10, submitted: 10, queued: 10, scheduled: 0, completed: 0 });
  });

  it('adds up to what was submitted at every time', () => {
    const site = aSite();
    runs(site, 4, 6);
    site.end('d0', 'succeeded');
    site.end('d1', 'failed');
    site.end('d9', 'cancelled');
    const progress = progressOf([site, aSite()]);
    expect(progress).toMatchObject({ submitted: 20, completed: 3, succeeded: 1, failed: 1, cancelled: 1 });
    expect(progress.queued + progress.scheduled + progress.completed).toBe(20);
    expect(progress.shares).toEqual({ cpuMillis: 0.5, memoryMib: null, gpuMillis: null });
  });

  it('renders progress as a block, and as a line', () => {
    const site = aSite();
    runs(site, 4, 6);
    const progress = progressOf([site]);
    expect(lineOf(progress, 2.04)).toBe(
      '[   2.0 s] queued 6, scheduled 4, completed 0 of 10; CPU 100.0%, memory -, GPU -',
    );
    const block = blockOf(progress, 2);
    expect(block.find((line) => line.includes('queued'))).toMatch(/^ {2}queued +█{24}·{16} +6$/);
    expect(block.every((line) => line.length < 80)).toBe(true);
  });

  it('compares the sum of known allocations with the allocated amount', () => {
    const site = aSite();
    runs(site, 2, 8);
    site.take('d0', { endsAt: 0, attempt: 1, request: REQUEST });
    expect(site.isFullyKnown).toBe(false);
    site.take('d0', { endsAt: 0, attempt: 1, request: REQUEST });
    site.take('d1', { endsAt: 0, attempt: 1, request: REQUEST });
    expect(site.isFullyKnown).toBe(true);
    site.end('d1', 'succeeded');
    site.take('d1', { endsAt: 0, attempt: 1, request: REQUEST });
    expect([site.isFullyKnown, site.isIdle]).toEqual([false, false]);
  });
});
