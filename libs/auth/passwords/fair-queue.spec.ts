import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { FairQueue, type QueuePlace } from './fair-queue.js';

const place = fc.record({ network: fc.constantFrom('a', 'b', 'c'), account: fc.constantFrom('x', 'y', 'z') });

/** A queue of entries that know their place and the order in which they came. */
function queueOf(places: readonly QueuePlace[]): FairQueue<QueuePlace & { readonly at: number }> {
  const queue = new FairQueue<QueuePlace & { readonly at: number }>();
  places.forEach((one, at) => queue.push(one, { ...one, at }));
  return queue;
}

const drain = <T>(queue: FairQueue<T>): T[] => {
  const all: T[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) all.push(next);
  return all;
};

describe('the fair queue', () => {
  it('serves networks in turn, and within a network its accounts in turn', () => {
    const flood = Array.from({ length: 4 }, () => ({ network: 'flood', account: 'one' }));
    const queue = queueOf([...flood, { network: 'flood', account: 'two' }, { network: 'home', account: 'one' }]);
    const served = drain(queue).map(({ network, account }) => `${network} ${account}`);
    expect(served).toEqual(['flood one', 'home one', 'flood two', 'flood one', 'flood one', 'flood one']);
  });

  it('returns each entry once, those of one account in the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(place, { maxLength: 40 }), (places) => {
        const served = drain(queueOf(places));
        expect(served.map(({ at }) => at).toSorted((a, b) => a - b)).toEqual(places.map((_, at) => at));
        for (const network of ['a', 'b', 'c']) {
          for (const account of ['x', 'y', 'z']) {
            const own = served.filter((one) => one.network === network && one.account === account);
            expect(own).toEqual(own.toSorted((one, other) => one.at - other.at));
          }
        }
      }),
    );
  });

  it('serves no network twice while another waits', () => {
    fc.assert(
      fc.property(fc.array(place, { maxLength: 40 }), (places) => {
        const served = drain(queueOf(places)).map(({ network }) => network);
        for (let i = 0; i < served.length; i++) {
          const again = served.indexOf(served[i] ?? '', i + 1);
          if (again < 0) continue;
          // Every other network that is still in the queue at this point has its turn in between.
          const waiting = new Set(served.slice(again));
          waiting.delete(served[i] ?? '');
          expect(new Set(served.slice(i + 1, again))).toEqual(new Set([...waiting, ...served.slice(i + 1, again)]));
        }
      }),
    );
  });

  it('drops an entry of the account with the most, of the network with the most', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 40 }), random, (places, number) => {
        const queue = queueOf(places);
        const countOf = (test: (one: QueuePlace) => boolean): number => places.filter(test).length;
        const dropped = queue.drop(() => number);
        if (dropped === undefined) throw new Error('nothing was dropped');
        const most = Math.max(...['a', 'b', 'c'].map((network) => countOf((one) => one.network === network)));
        expect(countOf(({ network }) => network === dropped.network)).toBe(most);
        const ofAccount = ['x', 'y', 'z'].map((account) =>
          countOf((one) => one.network === dropped.network && one.account === account),
        );
        const own = countOf(({ network, account }) => network === dropped.network && account === dropped.account);
        expect(own).toBe(Math.max(...ofAccount));
        expect(queue.size).toBe(places.length - 1);
        expect(drain(queue).map(({ at }) => at)).not.toContain(dropped.at);
      }),
    );
  });

  it('returns and drops nothing when empty', () => {
    const queue = new FairQueue();
    expect([queue.shift(), queue.drop(Math.random), queue.size]).toEqual([undefined, undefined, 0]);
  });
});
