import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { sampleOf } from '../support/metrics.js';
import { aPerson, aTeam, type Person } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

/** Generous: without turns and ends, what-if waited for more than twenty seconds. The machine of the test may be busy. */
const BOUND_MS = 5_000;

/** A problem that takes the planner all the time that it has. */
function hardProblem(random: Random, shapes: number): unknown {
  const amount = (): number => random.integer(4_000, 6_000);
  return {
    capacity: { cpu: 100, memoryMib: 100_000, gpu: 100 },
    now: '2026-01-01T00:00:00Z',
    policy: { searchSteps: 200_000 },
    queue: Array.from({ length: shapes }, (_, index) => ({
      id: String(index),
      priority: 50,
      resources: { cpu: amount() / 1_000, memoryMib: amount(), gpu: amount() / 1_000 },
      queuedAt: '2025-12-31T23:00:00Z',
    })),
  };
}

describe('the planner of an API', () => {
  let stowage: Stowage;
  let victim: TestCluster;
  let problem: string;
  let person: Person;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    victim = await TestCluster.create(await aTeam(stowage.client), { cpu: 10 });
    await victim.submit();
    problem = JSON.stringify(hardProblem(Random.of('hard problems'), 2_000));
    person = await aPerson(stowage.client);
  });
  afterAll(() => stowage.proveAndStop());

  const plan = async (by: Person, signal?: AbortSignal): Promise<number> => {
    const answer = await fetch(`${stowage.client.url}/v1/plan`, {
      method: 'POST',
      headers: { authorization: `Bearer ${by.token}`, 'content-type': 'application/json' },
      body: problem,
      ...(signal === undefined ? {} : { signal }),
    });
    await answer.text();
    return answer.status;
  };

  const turns = async (): Promise<{ running: number; waiting: number }> => {
    const { text } = await stowage.client.get('/metrics');
    const of = (state: string): number => sampleOf(text, 'stowage_turns', 'kind="request"', `state="${state}"`) ?? 0;
    return { running: of('running'), waiting: of('waiting') };
  };

  /** The longest of some what-if requests of another account, in milliseconds. */
  const slowestOfVictim = async (): Promise<number> => {
    let slowest = 0;
    for (let count = 0; count < 5; count++) {
      const beganMs = performance.now();
      const { status } = await victim.team.viewer.post(`${victim.path}/plan`, { deployments: [requestOf(count + 1)] });
      expect(status).toBe(200);
      slowest = Math.max(slowest, Math.round(performance.now() - beganMs));
    }
    process.stderr.write(`the slowest what-if took ${slowest} ms\n`);
    return slowest;
  };

  it('ends planning when its request closes', async () => {
    const beganMs = performance.now();
    expect(await plan(person)).toBe(200);
    const wholeMs = performance.now() - beganMs;
    const closing = new AbortController();
    const left = plan(person, closing.signal).catch(() => 0);
    await eventually(turns, ({ running }) => running === 1);
    const closedMs = performance.now();
    closing.abort();
    await left;
    await eventually(turns, ({ running }) => running === 0);
    const freeMs = performance.now() - closedMs;
    process.stderr.write(`planning took ${Math.round(wholeMs)} ms, its end ${Math.round(freeMs)} ms\n`);
    expect(freeMs).toBeLessThan(wholeMs * 0.7);
  });

  it('answers another account while one account keeps the planner busy', async () => {
    let isOver = false;
    const keep = async (): Promise<number[]> => {
      const statuses: number[] = [];
      while (!isOver) statuses.push(await plan(person));
      return statuses;
    };
    const kept = Array.from({ length: 8 }, keep);
    await eventually(turns, ({ running, waiting }) => running === 1 && waiting >= 2);
    expect(await slowestOfVictim()).toBeLessThan(BOUND_MS);
    isOver = true;
    const statuses = (await Promise.all(kept)).flat();
    expect(statuses).toContain(200);
    expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
  });
});

const requestOf = (cpu: number): Record<string, unknown> => ({ resources: { cpu, memoryMib: 1, gpu: 0 } });
