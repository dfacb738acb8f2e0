import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';

import { type Database } from '#database';

import { PlacementWaits } from './placement-waits.js';

/** A database in which only some have been placed, and which remembers the ids of every look. */
class Looks extends DummyDriver {
  readonly asked: (readonly string[])[] = [];
  placed: readonly string[] = [];

  readonly database = {
    reader: () => ({
      getKysely: () =>
        new Kysely({
          dialect: {
            createAdapter: () => new PostgresAdapter(),
            createDriver: () => this,
            createIntrospector: (db) => new PostgresIntrospector(db),
            createQueryCompiler: () => new PostgresQueryCompiler(),
          },
        }),
    }),
  } as unknown as Database;

  override acquireConnection(): ReturnType<DummyDriver['acquireConnection']> {
    return Promise.resolve({
      executeQuery: ({ parameters }: { parameters: readonly unknown[] }) => {
        const ids = parameters[1] as readonly string[];
        this.asked.push(ids);
        return Promise.resolve({ rows: ids.filter((id) => this.placed.includes(id)).map((id) => ({ id })) as never[] });
      },
      streamQuery: () => {
        throw new Error('nothing is streamed');
      },
    });
  }

  /** The ids of a look that began after now. */
  async next(): Promise<readonly string[] | undefined> {
    const before = this.asked.length;
    while (this.asked.length < before + 2) await sleep(5);
    return this.asked.at(-1);
  }
}

describe('PlacementWaits', () => {
  it('stops looking for a request that has ended while others still wait', async () => {
    const looks = new Looks();
    const waits = new PlacementWaits(looks.database);
    const patient = [waits.untilPlaced('lab', 'a', 60_000), waits.untilPlaced('lab', 'b', 60_000)];
    await Promise.all(['a', 'c', 'c', 'd'].map((id) => waits.untilPlaced('lab', id, 1)));
    expect(await looks.next()).toEqual(['a', 'b']);
    looks.placed = ['a', 'b'];
    expect(await Promise.all(patient)).toEqual([true, true]);
  });
});
