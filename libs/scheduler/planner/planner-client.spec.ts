import { describe, expect, it } from '@jest/globals';

import { PlannerClient } from './planner-client.js';
import { type PlannerPool, type TaskLimits } from './planner-pool.js';
import { type PlannerTask } from './planner-task.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const TASK: PlannerTask<string, string> = { filename: 'task.js', name: 'task' };

/** A client over threads that answer when a test says so. */
class Stage {
  readonly running = new Map<string, { readonly limits: TaskLimits; readonly answer: () => void }>();
  private readonly client: PlannerClient;

  constructor(slots = 2) {
    const ask = (_task: unknown, input: string, limits: TaskLimits): Promise<string> =>
      new Promise((resolve) => this.running.set(input, { limits, answer: () => resolve(input) }));
    this.client = new PlannerClient({ slots, slotsOfAccount: slots - 1, ask } as unknown as PlannerPool);
  }

  /** The account is the first letter of the input. */
  async ask(input: string, closed?: AbortSignal): Promise<string> {
    return this.client.ask({ accountId: input.slice(0, 1), organizationId: null }, TASK, input, 100, closed);
  }

  async answer(input: string): Promise<void> {
    this.running.get(input)?.answer();
    this.running.delete(input);
    await settled();
  }
}

describe('PlannerClient', () => {
  it('lets accounts take turns, and leaves a thread to others', async () => {
    const stage = new Stage();
    const answers = ['a1', 'a2', 'a3', 'b1', 'c1'].map((input) => stage.ask(input));
    await settled();
    expect([...stage.running.keys()]).toEqual(['a1', 'b1']);
    await stage.answer('a1');
    await stage.answer('b1');
    expect([...stage.running.keys()]).toEqual(['a2', 'c1']);
    for (const input of ['a2', 'c1', 'a3']) await stage.answer(input);
    expect(await Promise.all(answers)).toEqual(['a1', 'a2', 'a3', 'b1', 'c1']);
  });

  it('refuses what one account asks for beyond its limit, and nothing of others', async () => {
    const stage = new Stage(4);
    const inputs = Array.from({ length: 10 }, (_, index) => `a${index}`);
    const answers = inputs.map((input) => stage.ask(input));
    await settled();
    expect(stage.running.size).toBe(2);
    await expect(stage.ask('a10')).rejects.toMatchObject({ code: 'PLANNING.BUSY', facts: { retryAfterSeconds: 1 } });
    const other = stage.ask('b1');
    await settled();
    await stage.answer('b1');
    expect(await other).toBe('b1');
    for (const input of inputs) await stage.answer(input);
    expect(await Promise.all(answers)).toEqual(inputs);
  });

  it('takes what waits out of the line when its request closes', async () => {
    const stage = new Stage();
    const closing = new AbortController();
    const first = stage.ask('a1');
    const given = expect(stage.ask('a2', closing.signal)).rejects.toMatchObject({ name: 'AbortError' });
    const third = stage.ask('a3');
    closing.abort();
    await given;
    await stage.answer('a1');
    expect([...stage.running.keys()]).toEqual(['a3']);
    await stage.answer('a3');
    expect(await Promise.all([first, third])).toEqual(['a1', 'a3']);
  });

  it('sets the flag of what runs when its request closes, and keeps its thread until the task ends', async () => {
    const stage = new Stage();
    const closing = new AbortController();
    const given = expect(stage.ask('a1', closing.signal)).rejects.toMatchObject({ name: 'AbortError' });
    const next = stage.ask('a2');
    await settled();
    const { flag } = stage.running.get('a1')?.limits ?? {};
    expect(flag?.[0]).toBe(0);
    closing.abort();
    expect(flag?.[0]).toBe(1);
    await settled();
    expect([...stage.running.keys()]).toEqual(['a1']);
    await stage.answer('a1');
    await given;
    await stage.answer('a2');
    expect(await next).toBe('a2');
  });

  it('begins nothing for a request that has closed', async () => {
    const stage = new Stage();
    await expect(stage.ask('a1', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(stage.running.size).toBe(0);
  });
});
