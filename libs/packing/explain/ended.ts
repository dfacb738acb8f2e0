import { toRow } from '../rows.js';
import type { RunningGroup } from '../types.js';

/** A number of deployments of each of these groups. */
export type Ended = readonly { readonly group: number; readonly count: number }[];

/** Running deployments whose end starts a waiting one. */
export interface LeastEnded {
  /** `null`: none was found. */
  readonly groups: Ended | null;
  readonly isFewest: boolean;
  readonly isCut: boolean;
}

/** Pairs are tried up to this number of kinds of groups. */
const MAX_KINDS_IN_PAIRS = 8;

/** The number of kinds of groups that are tried alone, those that free most first. */
const MAX_SINGLES = 24;

/**
 * The fewest running deployments whose end does something: singles, then pairs, then by collecting what gives most, and leaving out again
 * what is not needed. Of equal ones, those of the lowest priority.
 *
 * @param attempt whether it does it if these have ended; `null`: the budget is used up
 */
export function leastEnded(
  running: readonly RunningGroup[],
  missing: readonly number[],
  attempt: (ended: Ended) => boolean | null,
): LeastEnded {
  const kinds = kindsOf(running, missing);
  const isEachAlone = kinds.length === running.length;
  const pairs = kinds.length <= MAX_KINDS_IN_PAIRS ? pairsOf(kinds) : [];
  for (const set of [...kinds.slice(0, MAX_SINGLES).map(({ members }) => members.slice(0, 1)), ...pairs]) {
    const result = attempt(toEnded(set));
    if (result === null) return { groups: null, isFewest: false, isCut: true };
    // Of a kind one was tried: that others of it do no better is certain only where there are none.
    if (result) return { groups: toEnded(set), isFewest: set.length === 1 || isEachAlone, isCut: false };
  }
  return collect(kinds, missing, attempt);
}

/** Groups that hold the same, and may be preempted or not, or stop already: they differ for the planner by priority and declared end alone. */
interface Kind {
  readonly amounts: readonly number[];
  /** Indexes of groups, lowest priority first, each as often as it runs, up to a limit. */
  readonly members: readonly number[];
}

const MAX_MEMBERS = 200;

function kindsOf(running: readonly RunningGroup[], missing: readonly number[]): Kind[] {
  const kinds = new Map<string, { amounts: readonly number[]; members: number[] }>();
  const order = [...running.keys()].sort((a, b) => priorityOf(running, a) - priorityOf(running, b) || a - b);
  for (const index of order) {
    const { resources, count, isTerminating, preemptible } = running[index]!;
    const amounts = toRow(resources);
    const key = [...amounts, isTerminating === true, preemptible !== undefined].join();
    const kind = kinds.get(key) ?? { amounts, members: [] };
    kinds.set(key, kind);
    for (let copy = 0; copy < count && kind.members.length < MAX_MEMBERS; copy++) kind.members.push(index);
  }
  // What gives most of what is missing first, and of those the one that wastes least.
  return [...kinds.values()].sort(
    (a, b) => gain(b.amounts, missing) - gain(a.amounts, missing) || sum(a.amounts) - sum(b.amounts),
  );
}

function priorityOf(running: readonly RunningGroup[], index: number): number {
  return running[index]!.priority;
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

/** How much of what is missing the end of one frees, each resource by its share. */
function gain(amounts: readonly number[], missing: readonly number[]): number {
  return missing.reduce((total, needed, row) => (needed > 0 ? total + Math.min(1, amounts[row]! / needed) : total), 0);
}

/**
 * Pairs of the first members of kinds. Before two of one kind, the second of them is tried alone: it may start the deployment where the first
 * does not, because its declared end or its priority differs.
 */
function pairsOf(kinds: readonly Kind[]): number[][] {
  return kinds.flatMap(({ members }, index) => {
    const [first, second] = members;
    return [
      ...(second === undefined || second === first ? [] : [[second]]),
      ...(second === undefined ? [] : [members.slice(0, 2)]),
      ...kinds.slice(index + 1).map((other) => [...members.slice(0, 1), ...other.members.slice(0, 1)]),
    ];
  });
}

/** Takes what gives most of what is still missing, until it does; then leaves out again whatever is not needed. */
function collect(
  kinds: readonly Kind[],
  missing: readonly number[],
  attempt: (ended: Ended) => boolean | null,
): LeastEnded {
  const left = kinds.map(({ members }) => [...members]);
  const needed = [...missing];
  let set: number[] = [];
  for (;;) {
    const best = bestOf(kinds, left, needed);
    if (best < 0) return { groups: null, isFewest: false, isCut: false };
    set.push(left[best]!.shift()!);
    kinds[best]!.amounts.forEach((amount, row) => (needed[row] = needed[row]! - amount));
    if (needed.some((amount) => amount > 0)) continue;
    const result = attempt(toEnded(set));
    if (result === null) return { groups: null, isFewest: false, isCut: true };
    if (result) break;
  }
  for (let groups = new Set(set); groups.size > 0;) {
    const [group] = groups as ReadonlySet<number>;
    const without = set.toSpliced(set.indexOf(group!), 1);
    const result = without.length === 0 ? false : attempt(toEnded(without));
    if (result === null) return { groups: null, isFewest: false, isCut: true };
    if (result) {
      set = without;
      groups = new Set(set);
    } else {
      groups.delete(group!);
    }
  }
  return { groups: toEnded(set), isFewest: false, isCut: false };
}

/** The kind whose next member gives most; when nothing is missing any more, the largest that is left. -1: nothing is. */
function bestOf(kinds: readonly Kind[], left: readonly (readonly number[])[], needed: readonly number[]): number {
  let best = -1;
  let most = -1;
  for (const [index, { amounts }] of kinds.entries()) {
    if (left[index]!.length === 0) continue;
    const weight = gain(amounts, needed);
    if (weight > most) {
      best = index;
      most = weight;
    }
  }
  return best;
}

function toEnded(set: readonly number[]): Ended {
  const counts = new Map<number, number>();
  for (const group of set) counts.set(group, (counts.get(group) ?? 0) + 1);
  return [...counts].map(([group, count]) => ({ group, count })).sort((a, b) => a.group - b.group);
}
