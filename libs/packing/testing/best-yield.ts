import { type ResourceAmounts, RESOURCES } from '#kernel';

import type { Plan, RunningGroup, Snapshot, WaitingShape } from '../types.js';

/** What is best at one priority, found by trying everything, given what is decided above it. */
export interface BestLevel {
  readonly priority: number;
  readonly work: number;
  readonly count: number;
  /** The victims; `null` where several choices are as good. */
  readonly victims: readonly string[] | null;
  readonly placed: number;
}

type Amounts = readonly number[];

const rowOf = (amounts: ResourceAmounts): number[] => RESOURCES.map((resource) => amounts[resource]);
const plus = (a: Amounts, b: Amounts, times = 1): number[] => a.map((one, row) => one + times * b[row]!);

/** The candidates, in the plainest words. */
export function yielding({ policy, running, waiting, nowMs, isCordoned }: Snapshot): RunningGroup[] {
  if (policy.preemption === 'never' || isCordoned) return [];
  return running.filter(
    ({ priority, preemptible, isTerminating }) =>
      preemptible !== undefined &&
      isTerminating !== true &&
      preemptible.preemptions < policy.maxPreemptions &&
      nowMs - preemptible.sinceMs >= policy.preemptAfterSeconds * 1000 &&
      waiting.some((shape) => shape.priority > priority),
  );
}

/** Work of what runs: elapsed whole seconds times dominant share in thousandths, rounded down. */
export function workOf({ capacity, nowMs }: Snapshot, { resources, preemptible }: RunningGroup): number {
  const seconds = Math.floor((nowMs - (preemptible?.sinceMs ?? nowMs)) / 1000);
  const shares = RESOURCES.map((one) =>
    capacity[one] > 0 ? Math.floor((seconds * 1000 * resources[one]) / capacity[one]) : 0,
  );
  return Math.max(...shares);
}

/**
 * The best of all plans, priority by priority: first the most work that stays, then the most of them, then the most starts; by trying everything
 * that is still possible with the counts above. Where several choices of what stays are equally good, the one that a plan made is followed.
 */
export function bestYield(snapshot: Snapshot, given: ReadonlySet<string>): BestLevel[] {
  const candidates = yielding(snapshot);
  const priorities = [...new Set([...candidates, ...snapshot.waiting].map(({ priority }) => priority))].sort(
    (a, b) => b - a,
  );
  let possible: Amounts[] = [freeBeside(snapshot, candidates)];
  return priorities.map((priority) => {
    const here = candidates.filter((group) => group.priority === priority);
    const stay = bestStay(snapshot, here, possible, given);
    possible = possible.map((left) => plus(left, stay.row, -1)).filter((left) => left.every((amount) => amount >= 0));
    const shapes = snapshot.waiting.filter((shape) => shape.priority === priority);
    const starts = possible.flatMap((left) => allStarts(shapes, left));
    const placed = starts.reduce((most, { count }) => Math.max(most, count), 0);
    possible = distinct(starts.filter(({ count }) => count === placed).map(({ left }) => left));
    return { priority, work: stay.work, count: stay.count, victims: stay.victims, placed };
  });
}

/** The most at one priority, given what a plan decides above it: work that stays, and starts beside what the plan keeps there. */
export interface Ceiling {
  readonly priority: number;
  readonly work: number;
  readonly placed: number;
}

/** What no plan exceeds that starts as many, and keeps the same, at every higher priority; by trying everything. Without reservations and nominations. */
export function ceilingsOf(snapshot: Snapshot, { preempt, certificate }: Plan): Ceiling[] {
  const candidates = yielding(snapshot);
  const gone = new Set(preempt.map(({ group }) => snapshot.running[group]));
  let possible = [freeBeside(snapshot, candidates)];
  return certificate.levels.map(({ priority, placed }) => {
    const here = candidates.filter((group) => group.priority === priority);
    const fitting = allChoices(snapshot, here).filter(({ row }) => isPossible(row, possible));
    const work = fitting.reduce((most, choice) => Math.max(most, choice.work), 0);
    const kept = here.filter((group) => !gone.has(group));
    const row = kept.reduce((sum, { resources }) => plus(sum, rowOf(resources)), [0, 0, 0]);
    const shapes = snapshot.waiting.filter((shape) => shape.priority === priority);
    const left = possible.map((one) => plus(one, row, -1)).filter((one) => one.every((amount) => amount >= 0));
    const starts = distinct(left).flatMap((one) => allStarts(shapes, one));
    possible = distinct(starts.filter(({ count }) => count === placed).map((start) => start.left));
    return { priority, work, placed: starts.reduce((most, { count }) => Math.max(most, count), 0) };
  });
}

function distinct(possible: readonly Amounts[]): Amounts[] {
  return [...new Map(possible.map((left) => [left.join(), left])).values()];
}

function isPossible(row: Amounts, possible: readonly Amounts[]): boolean {
  return possible.some((left) => row.every((amount, index) => amount <= left[index]!));
}

function freeBeside(snapshot: Snapshot, candidates: readonly RunningGroup[]): Amounts {
  const fixed = snapshot.running.filter((group) => !candidates.includes(group));
  return fixed.reduce((left, { resources, count }) => plus(left, rowOf(resources), -count), rowOf(snapshot.capacity));
}

interface Stay {
  readonly work: number;
  readonly count: number;
  readonly row: Amounts;
  readonly victims: readonly string[] | null;
}

function bestStay(
  snapshot: Snapshot,
  here: readonly RunningGroup[],
  possible: readonly Amounts[],
  given: ReadonlySet<string>,
): Stay {
  const choices = allChoices(snapshot, here).filter(({ row }) => isPossible(row, possible));
  const compare = (a: Stay, b: Stay): number => b.work - a.work || b.count - a.count;
  choices.sort(compare);
  const best = choices[0]!;
  const equal = choices.filter((choice) => compare(choice, best) === 0);
  if (equal.length === 1) return best;
  const ids = here.flatMap(({ preemptible }) =>
    preemptible !== undefined && given.has(preemptible.id) ? [preemptible.id] : [],
  );
  const followed = equal.find(({ victims }) => victims?.join() === ids.join());
  return { ...(followed ?? best), victims: null };
}

function allChoices(snapshot: Snapshot, here: readonly RunningGroup[]): Stay[] {
  return here.reduce<Stay[]>(
    (choices, group) => {
      const work = workOf(snapshot, group);
      return choices.flatMap((choice) => [
        { ...choice, work: choice.work + work, count: choice.count + 1, row: plus(choice.row, rowOf(group.resources)) },
        { ...choice, victims: [...(choice.victims ?? []), group.preemptible?.id ?? ''] },
      ]);
    },
    [{ work: 0, count: 0, row: [0, 0, 0], victims: [] }],
  );
}

function allStarts(shapes: readonly WaitingShape[], free: Amounts): { count: number; left: Amounts }[] {
  return shapes.reduce(
    (choices, { request, count: most }) =>
      choices.flatMap(({ count, left }) =>
        Array.from({ length: most + 1 }, (_, some) => ({
          count: count + some,
          left: plus(left, rowOf(request), -some),
        })).filter(({ left: rest }) => rest.every((amount) => amount >= 0)),
      ),
    [{ count: 0, left: free }],
  );
}
