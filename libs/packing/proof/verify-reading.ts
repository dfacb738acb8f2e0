// How the verifier reads a snapshot and a plan. As the rest of it, this shares nothing with the solver but the forms of data.
import type { Plan, RunningGroup, Snapshot } from '../types.js';
import { at, ensure, max, min, rowOf, sum } from './verify-numbers.js';
import { readMeasure, unitsOf } from './verify-measure.js';
import { checkStops, lastStop, nominatedIn } from './verify-stopping.js';

/** What a plan decides on: waiting deployments that are alike, or a candidate. */
export type Item = {
  priority: number;
  /** Levels are decided from the highest rank down: what stays at a priority, then what is set aside there, then what else starts. */
  rank: number;
  row: bigint[];
  /** When it is over if it stays, or starts, as late as it may. */
  end: number;
  /** The same with the end that is expected where none is declared. */
  expected: number;
  weight: bigint;
  count: bigint;
  /** How many start, or stay. */
  taken: bigint;
};
/** `held`: what runs, is not terminating, and is not decided on. */
export type Reading = { starts: Item[]; runs: Item[]; held: Item[] };

const LONGEST_SECONDS = 10_000_000n;
const SLICES = 2 ** 24;
/** Priority, stage and slice in one number: of what starts, of what is set aside, and of what stays. */
export const startRank = (priority: number, slice = 0): number => 3 * priority * SLICES - slice;
export const reservedRank = (priority: number): number => (3 * priority + 1) * SLICES;
export const stayRank = (priority: number): number => (3 * priority + 2) * SLICES;
const stageOf = (rank: number): number => Math.ceil(rank / SLICES) % 3;
export const isStart = ({ rank }: { rank: number }): boolean => stageOf(rank) === 0;
export const isStay = ({ rank }: { rank: number }): boolean => stageOf(rank) === 2;

/** Reads what runs and starts; refuses impossible counts, and victims that are no candidates, or without a preemptor. */
export function readPlan(snapshot: Snapshot, plan: Plan, mostShapes: number): Reading {
  const { running, waiting, nowMs, isCordoned } = snapshot;
  const candidates = candidatesIn(snapshot);
  const victims = checkVictims(snapshot, plan, candidates);
  const toItem = (group: RunningGroup): Item => {
    const { priority, resources, count, endsAtMs, expectedEndMs } = group;
    const end = endsAtMs !== null && endsAtMs > nowMs ? endsAtMs : Infinity;
    const expected = end === Infinity ? (expectedEndMs ?? Infinity) : end;
    return {
      priority,
      rank: stayRank(priority),
      row: rowOf(resources),
      end,
      expected,
      weight: 1n,
      count: BigInt(count),
      taken: BigInt(count),
    };
  };
  const runs = candidates.map((index): Item => {
    const group = at(running, index);
    const alike = candidates.filter((other) => at(running, other).priority === group.priority).length;
    return { ...toItem(group), weight: weightOf(snapshot, group, BigInt(alike)), taken: victims.has(index) ? 0n : 1n };
  });
  const held = running
    .filter(({ isTerminating }, index) => isTerminating !== true && !candidates.includes(index))
    .map(toItem);
  const startsBy = lastStop(snapshot, candidates);
  const slices = slicesIn(snapshot, mostShapes);
  const measure = readMeasure(snapshot);
  const size = rowOf(snapshot.capacity);
  const starts = waiting.map(({ priority, request, count, maxRuntimeSeconds, expectedRuntimeSeconds }, index): Item => {
    const end = startsBy + (maxRuntimeSeconds ?? Infinity) * 1000;
    const expected = startsBy + (maxRuntimeSeconds ?? expectedRuntimeSeconds ?? Infinity) * 1000;
    return {
      priority,
      rank: startRank(priority, slices.get(index)),
      row: rowOf(request),
      end,
      expected,
      weight: measure === null ? 1n : unitsOf(measure, rowOf(request), size) * measure.factor + 1n,
      count: BigInt(count),
      taken: 0n,
    };
  });
  const forced = waiting.map((_, index) => BigInt(plan.proof?.due?.filter((shape) => shape === index).length ?? 0));
  for (const { shape, count, includes } of plan.place) {
    const start = at(starts, shape);
    ensure(start.taken === 0n && count > 0 && includes.length <= count, 'a count is impossible');
    start.taken = BigInt(count);
    forced[shape] = at(forced, shape) + BigInt(includes.length);
  }
  checkStops(snapshot, plan);
  const reserved: Item[] = [];
  for (const [index, start] of starts.entries()) {
    const shape = at(waiting, index);
    const all = start.taken + nominatedIn(plan, shape);
    ensure(all <= start.count && at(forced, index) <= all, 'a count is impossible');
    const count = min((isCordoned ? 0n : nominatedIn(snapshot, shape)) + at(forced, index), start.count);
    const taken = min(count, all);
    if (count > 0n) reserved.push({ ...start, rank: reservedRank(shape.priority), weight: 1n, count, taken });
    start.count -= count;
    start.taken = all - taken;
  }
  return { starts: [...starts, ...reserved], runs, held };
}

/** The slice of each shape, by its index: the oldest of a priority come first, and a slice holds `mostShapes`. */
function slicesIn({ waiting }: Snapshot, mostShapes: number): Map<number, number> {
  const slices = new Map<number, number>();
  const isOlder = (a: number, b: number): boolean => {
    const [one, other] = [at(waiting, a).oldest, at(waiting, b).oldest];
    return one.queuedAtMs < other.queuedAtMs || (one.queuedAtMs === other.queuedAtMs && one.id < other.id);
  };
  for (const alike of Map.groupBy(waiting.keys(), (index) => at(waiting, index).priority).values()) {
    alike.sort((a, b) => Number(isOlder(b, a)) - Number(isOlder(a, b)));
    for (const [place, index] of alike.entries()) slices.set(index, Math.floor(place / mostShapes));
  }
  return slices;
}

function candidatesIn({ policy, waiting, running, capacity, nowMs, isCordoned }: Snapshot): number[] {
  const highest = Math.max(-Infinity, ...waiting.map(({ priority, count }) => (count > 0 ? priority : -Infinity)));
  const isOverused = rowOf(capacity).some(
    (whole, i) => sum(running, ({ resources, count }) => at(rowOf(resources), i) * BigInt(count)) > whole,
  );
  if (policy.preemption !== 'lower-priority' || isCordoned || isOverused) return [];
  return [...running.keys()].filter((index) => {
    const { preemptible, priority, count, isTerminating } = at(running, index);
    if (preemptible === undefined || count !== 1 || isTerminating === true || priority >= highest) return false;
    const { preemptions, sinceMs } = preemptible;
    return preemptions < policy.maxPreemptions && nowMs - sinceMs >= policy.preemptAfterSeconds * 1000;
  });
}

function checkVictims(snapshot: Snapshot, plan: Plan, candidates: readonly number[]): Set<number> {
  const { preempt, place } = plan;
  const victims = new Set(preempt.map(({ group }) => group));
  ensure(victims.size === preempt.length, 'a deployment is preempted twice');
  ensure(
    preempt.every(({ group }) => candidates.includes(group)),
    'a deployment is preempted that may not be',
  );
  for (const { id, group, by, lostSeconds } of preempt) {
    const { preemptible, priority } = at(snapshot.running, group);
    const isPlaced = place.some(({ shape }) => shape === by) || nominatedIn(plan, at(snapshot.waiting, by)) > 0n;
    ensure(preemptible?.id === id, 'a victim has another name');
    ensure(
      isPlaced && at(snapshot.waiting, by).priority > priority,
      'a deployment is preempted for none of higher priority',
    );
    ensure(BigInt(lostSeconds) === secondsOf(snapshot, preemptible?.sinceMs ?? 0), 'a victim has run for another time');
  }
  return victims;
}

const secondsOf = ({ nowMs }: Snapshot, sinceMs: number): bigint =>
  max(0n, BigInt(Math.floor((nowMs - sinceMs) / 1000)));

/** Work first, then count: elapsed seconds times dominant share in thousandths, times (all of the priority + 1), and one. */
function weightOf(snapshot: Snapshot, { resources, preemptible }: RunningGroup, all: bigint): bigint {
  const seconds = secondsOf(snapshot, preemptible?.sinceMs ?? 0);
  const thousandths = 1000n * [seconds, LONGEST_SECONDS, 2n ** 52n / (3000n * (all + 1n))].reduce(min);
  const amounts = rowOf(resources);
  const shares = rowOf(snapshot.capacity).map((whole, i) => (whole > 0n ? (thousandths * at(amounts, i)) / whole : 0n));
  return shares.reduce(max) * (all + 1n) + 1n;
}

/** Each victim is necessary: it fits nowhere beside what stays at its priority and above, and what starts above. */
export function checkNeed({ runs, starts }: Reading, left: readonly bigint[]): void {
  for (const victim of runs.filter(({ taken }) => taken === 0n)) {
    const beside = [
      ...runs.filter(({ priority }) => priority >= victim.priority),
      ...starts.filter(({ priority }) => priority > victim.priority),
    ];
    const used = (i: number): bigint => sum(beside, ({ row, taken }) => at(row, i) * taken);
    const fits = left.every((amount, i) => used(i) + at(victim.row, i) <= amount);
    ensure(!fits, 'a deployment is preempted in vain');
  }
}
