// How the verifier reads what a reservation sets aside. As the rest of it, this shares nothing with the solver but the forms of data.
import type { OwnedReservation } from '../reservation.js';
import type { Plan } from '../types.js';
import { at, ensure, max, min, rowOf, sum } from './verify-numbers.js';
import { isStart, isStay, type Item, reservedRank, startRank } from './verify-reading.js';

/** What of an item counts against each limit. */
export type Reading = (item: Item) => bigint[];

/** Adds the limits at the time of the reservation, and its owner to the items; reads what of an item counts against the limits. */
export function beside(
  { reservations }: Plan,
  nowMs: number,
  limits: bigint[],
  { starts, runs }: { readonly starts: Item[]; readonly runs: readonly Item[] },
  leftAt: (ms: number, endOf: (item: Item) => number) => bigint[],
): Reading {
  const owned = reservations.filter((one): one is OwnedReservation => one.state !== 'nominated');
  ensure(owned.length <= 1, 'two reservations have an owner');
  const [reservation] = owned;
  if (reservation === undefined) return () => [];
  const { priority, request, state, untilMs: time } = reservation;
  const isPromised = state === 'promised';
  const endOf = ({ end, expected }: Item): number => (isPromised ? end : expected);
  const counts = (item: Item): boolean => endOf(item) > time && (!isStay(item) || item.priority >= priority);
  const comesBefore = (item: Item): boolean =>
    counts(item) && item.rank > (isStart(item) ? reservedRank(priority) : startRank(priority));
  const used = (i: number): bigint =>
    sum([...runs, ...starts].filter(comesBefore), ({ row, taken }) => at(row, i) * taken);
  const free = leftAt(time, endOf).map((amount) => max(0n, amount));
  limits.push(...free);
  const needed = rowOf(request).map((amount, i) => min(amount, max(0n, at(free, i) - used(i))));
  ensure((!isPromised || time > nowMs) && needed.join() === rowOf(request).join(), 'the reservation cannot be kept');
  const owner = {
    priority,
    rank: reservedRank(priority),
    row: [0n, 0n, 0n],
    end: Infinity,
    expected: Infinity,
    weight: 1n,
    count: 1n,
    taken: 1n,
  };
  starts.push(owner);
  return (item) => (item === owner ? needed : item.row.map((amount) => (counts(item) ? amount : 0n)));
}
