import type { Candidate } from './candidates.js';
import { toRow } from '../rows.js';
import type { Placement, Preemption, Snapshot } from '../types.js';
import { freeBeside } from './timeline.js';

/**
 * Names the preemptor of each victim: starts are walked from the highest priority over what is free while all still runs; the first
 * that does not fit takes from the victims, lowest priority first.
 *
 * As none fits beside what stays and the starts above its priority, each is taken by one of those.
 */
export function preemptionsOf(
  snapshot: Snapshot,
  victims: readonly Candidate[],
  place: readonly Placement[],
): Preemption[] {
  const inOrder = victims.toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  const left = freeBeside(snapshot, ({ isTerminating }) => isTerminating !== true);
  const by: number[] = [];
  for (const { shape, count } of place) {
    const amounts = toRow(snapshot.waiting[shape]!.request);
    for (let missing = count; missing > 0;) {
      const fits = amounts.reduce(
        (most, amount, row) => (amount > 0 ? fitsIn(most, left, amount, row) : most),
        missing,
      );
      amounts.forEach((amount, row) => (left[row] = left[row]! - fits * amount));
      missing -= fits;
      const victim = inOrder[by.length];
      if (missing === 0 || victim === undefined) break;
      by.push(shape);
      toRow(victim.request).forEach((amount, row) => (left[row] = left[row]! + amount));
    }
  }
  return inOrder.map(({ id, group, elapsedSeconds }, index) => ({
    id,
    group,
    by: by[index] ?? place[0]!.shape,
    lostSeconds: elapsedSeconds,
  }));
}

function fitsIn(most: number, left: readonly number[], amount: number, row: number): number {
  return Math.max(0, Math.min(most, Math.floor(left[row]! / amount)));
}
