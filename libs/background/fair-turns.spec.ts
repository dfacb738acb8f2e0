import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { FairTurns, type Turn, type TurnLimits, type TurnOwner } from './fair-turns.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const owner = (accountId: string, organizationId = accountId): TurnOwner => ({ accountId, organizationId });

/** One entry of a line, as a test follows it. */
interface Followed {
  readonly owner: TurnOwner;
  readonly turn: Turn;
  state: 'waiting' | 'running' | 'gone';
}

/** A line whose entries say what became of them. */
class FollowedTurns {
  readonly turns: FairTurns;
  readonly entries: Followed[] = [];
  /** Entries in the order of their admission. */
  readonly admissions: Followed[] = [];

  constructor(limits: TurnLimits) {
    this.turns = new FairTurns(limits);
    this.turns.open();
  }

  async enter(of: TurnOwner): Promise<Followed | null> {
    const turn = this.turns.enter(of);
    if (turn === null) return null;
    const entry: Followed = { owner: of, turn, state: 'waiting' };
    this.entries.push(entry);
    void turn.admitted.then((isAdmitted) => {
      if (isAdmitted) this.admissions.push(entry);
      entry.state = isAdmitted ? 'running' : 'gone';
    });
    await settled();
    return entry;
  }

  async end(entry: Followed): Promise<void> {
    entry.turn.end();
    entry.state = 'gone';
    await settled();
  }

  of(state: Followed['state'], accountId?: string): Followed[] {
    return this.entries.filter(
      (entry) => entry.state === state && (accountId === undefined || entry.owner.accountId === accountId),
    );
  }
}

/** An entry, or the end of one that waits or runs. */
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('enter' as const),
      account: fc.nat({ max: 3 }),
      organization: fc.nat({ max: 2 }),
    }),
    fc.record({ kind: fc.constantFrom('end' as const, 'withdraw' as const), which: fc.nat({ max: 50 }) }),
  ),
  { maxLength: 60 },
);

type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

async function take(line: FollowedTurns, step: Step): Promise<void> {
  if (step.kind === 'enter') {
    await line.enter(owner(`a${step.account}`, `a${step.account}-o${step.organization}`));
    return;
  }
  const entries = line.of(step.kind === 'end' ? 'running' : 'waiting');
  const entry = entries[step.which % Math.max(1, entries.length)];
  if (entry !== undefined) await line.end(entry);
}

describe('FairTurns', () => {
  it('runs at most as many as there are slots, leaves one to other accounts, and leaves no slot empty that one may have', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 4 }), steps, async (slots, all) => {
        const line = new FollowedTurns({ slots });
        for (const step of all) {
          await take(line, step);
          const running = line.of('running');
          expect(running.length).toBeLessThanOrEqual(slots);
          for (const { owner: of } of running)
            expect(line.of('running', of.accountId).length).toBeLessThanOrEqual(slots - 1);
          if (running.length < slots)
            for (const { owner: of } of line.of('waiting'))
              expect(line.of('running', of.accountId)).toHaveLength(slots - 1);
          expect(line.turns.counts).toEqual({ running: running.length, waiting: line.of('waiting').length });
        }
      }),
    );
  });

  it('lets no account below its limit wait for more than one turn of each other account', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 4 }), steps, async (slots, all) => {
        const line = new FollowedTurns({ slots });
        /** Of each account that waits below its limit: the turns of others since. */
        const others = new Map<string, Map<string, number>>();
        for (const step of all) {
          const before = line.admissions.length;
          await take(line, step);
          for (const { owner: of } of line.admissions.slice(before)) {
            others.delete(of.accountId);
            for (const turns of others.values()) turns.set(of.accountId, (turns.get(of.accountId) ?? 0) + 1);
          }
          for (const turns of others.values()) for (const count of turns.values()) expect(count).toBeLessThanOrEqual(1);
          const counted = new Set(line.of('waiting').map(({ owner: of }) => of.accountId));
          for (const account of [...counted])
            if (line.of('running', account).length === slots - 1) counted.delete(account);
          for (const account of [...others.keys()]) if (!counted.has(account)) others.delete(account);
          for (const account of counted) if (!others.has(account)) others.set(account, new Map());
        }
      }),
    );
  });

  it('lets the organizations of an account take turns, and the first of an organization come first', async () => {
    const line = new FollowedTurns({ slots: 2 });
    const of = (organizationId: string): TurnOwner => owner('one', organizationId);
    const entries = [];
    for (const name of ['first', 'x', 'x', 'x', 'y', 'y']) entries.push(await line.enter(of(name)));
    for (const entry of [0, 1, 4, 2, 5, 3]) {
      const running = line.of('running')[0];
      expect(running).toBe(entries[entry]);
      if (running !== undefined) await line.end(running);
    }
  });

  it('gives a newcomer a slot at once while another account is at its limit', async () => {
    const line = new FollowedTurns({ slots: 2 });
    for (let count = 0; count < 5; count++) await line.enter(owner('busy'));
    expect((await line.enter(owner('newcomer')))?.state).toBe('running');
    expect(line.of('running', 'busy')).toHaveLength(1);
  });

  it('bounds what runs and what waits of an account', async () => {
    const line = new FollowedTurns({ slots: 4, runningOfAccount: 2, waitingOfAccount: 1 });
    for (let count = 0; count < 3; count++) expect(await line.enter(owner('one'))).not.toBeNull();
    expect(await line.enter(owner('one'))).toBeNull();
    expect(line.turns.counts).toEqual({ running: 2, waiting: 1 });
  });

  it('accepts one more of an account that has nothing waiting, however much others have', async () => {
    const line = new FollowedTurns({ slots: 2, waitingOfAccount: 9, waitingOfAll: 2 });
    for (const account of ['a', 'b', 'a', 'a']) expect(await line.enter(owner(account))).not.toBeNull();
    expect(await line.enter(owner('a'))).toBeNull();
    expect(await line.enter(owner('c'))).not.toBeNull();
    expect(await line.enter(owner('c'))).toBeNull();
  });

  it('leaves nothing behind of what was withdrawn, ended or sent away', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const line = new FollowedTurns({ slots: 2 });
        for (const step of all) await take(line, step);
        const waiting = line.of('waiting');
        line.turns.close();
        await settled();
        expect(waiting.map(({ state }) => state)).toEqual(waiting.map(() => 'gone'));
        expect(line.turns.enter(owner('late'))).toBeNull();
        for (const entry of line.of('running')) {
          await line.end(entry);
          await line.end(entry);
        }
        const { lines, runningOf, waitingOf } = line.turns as unknown as Record<string, Map<string, unknown>>;
        expect([lines?.size, runningOf?.size, waitingOf?.size]).toEqual([0, 0, 0]);
        expect(line.turns.counts).toEqual({ running: 0, waiting: 0 });
      }),
    );
  });

  it('begins no turn before the line is opened', async () => {
    const turns = new FairTurns({ slots: 2 });
    let isAdmitted = false;
    const turn = turns.enter(owner('one'));
    void turn?.admitted.then((answer) => (isAdmitted = answer));
    await settled();
    expect(isAdmitted).toBe(false);
    turns.open();
    await settled();
    expect(isAdmitted).toBe(true);
  });

  it('refuses a single slot', () => {
    expect(() => new FairTurns({ slots: 1 })).toThrow(RangeError);
  });
});
