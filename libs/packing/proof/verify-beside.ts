// How the verifier reads what a reservation leaves to others. As the rest of it, this shares nothing with the solver but the forms of data.
import type { Plan } from '../types.js';
import { at, ensure, max, rowOf, sum } from './verify-numbers.js';
import { isStart, isStay, type Item } from './verify-reading.js';

/** What of an item counts against each limit. */
export type Reading = (item: Item) => bigint[];

/** Adds the limits that the reservation sets, and tells what of an item counts against them. */
export function beside(
  { reservation }: Plan,
  nowMs: number,
  limits: bigint[],
  items: readonly Item[],
  leftAt: (ms: number) => bigint[],
): Reading {
  if (reservation === null || reservation.state === 'lapsed') return () => [];
  const needed = rowOf(reservation.request);
  const { priority } = reservation;
  const time = reservation.state === 'promised' ? (reservation.promisedAtMs ?? nowMs) : null;
  const isBefore = (item: Item): boolean => isStay(item) || (!isStart(item) && item.priority >= priority);
  const stay = (i: number): bigint => sum(items.filter(isBefore), ({ row, count }) => at(row, i) * count);
  const free = time === null ? limits.map((amount, i) => max(0n, amount - stay(i))) : leftAt(time);
  const left = free.map((amount, i) => amount - at(needed, i));
  const fits = left.every((amount, i) => amount >= 0n || at(needed, i) === 0n);
  ensure(time === null || (time > nowMs && fits), 'the promise cannot be kept');
  limits.push(...left.map((amount) => max(0n, amount)));
  const counts = (item: Item, i: number): boolean =>
    time !== null
      ? item.end > time && (!isStay(item) || item.priority >= priority)
      : !isBefore(item) && at(needed, i) > 0n && (at(left, i) >= 0n || item.priority <= priority);
  return (item) => item.row.map((amount, i) => (counts(item, i) ? amount : 0n));
}
