import { lastStopMs, shapeNominations, stopsAtOnce, stopsMs } from './nominations.js';
import type { SolvedPlan } from './solved-plan.js';
import { toRow } from '../rows.js';
import type { Nomination } from '../reservation.js';
import { isStart } from '../solver/program.js';
import type { Placement, Snapshot } from '../types.js';
import { freeBeside } from './timeline.js';

/** What of a solved plan starts now, and what has to wait until those have stopped that make room for it. */
export interface Starting {
  readonly place: readonly Placement[];
  readonly nominations: readonly Nomination[];
  /** Those among them that a reservation forces, by id. */
  readonly later: ReadonlySet<string>;
}

/** All that a solved plan gives to one shape. */
interface Share {
  readonly shape: number;
  /** How many of these were nominated before. */
  readonly nominated: number;
  readonly total: number;
  readonly due: readonly string[];
}

/** All that a solved plan starts, now or later, in canonical order. */
export function allStarts(solved: SolvedPlan): Placement[] {
  return sharesOf(solved).map(({ shape, total, due }) => ({ shape, count: total, includes: due }));
}

/**
 * Starts what fits beside all that still holds something, nominations before others of their priority, the oldest first, and nominations the rest. Nothing
 * else starts: what has been made room for goes to no other deployment.
 */
export function startWhatFits(snapshot: Snapshot, solved: SolvedPlan): Starting {
  const shares = sharesOf(solved);
  if (stopsMs(snapshot, solved.part.victims).length === 0) {
    return { place: allStarts(solved), nominations: [], later: new Set() };
  }
  const gone = new Set(solved.part.victims.filter((one) => stopsAtOnce(snapshot, one)).map(({ group }) => group));
  const left = freeBeside(snapshot, (_, index) => !gone.has(index));
  const started = new Map<Share, number>();
  const later = new Set<string>();
  const start = (share: Share, count: number): number => {
    const amounts = toRow(snapshot.waiting[share.shape]!.request);
    const fits = amounts.reduce(
      (most, amount, row) => (amount > 0 ? Math.min(most, Math.floor(left[row]! / amount)) : most),
      count,
    );
    const taken = Math.max(0, fits);
    amounts.forEach((amount, row) => (left[row] = left[row]! - amount * taken));
    started.set(share, (started.get(share) ?? 0) + taken);
    return taken;
  };
  for (const alike of byPriority(snapshot, shares)) {
    for (const share of inOrderOfNominations(snapshot, alike)) start(share, share.nominated);
    for (const share of alike) for (const id of share.due) if (start(share, 1) === 0) later.add(id);
    for (const share of alike) start(share, share.total - share.nominated - share.due.length);
  }
  const place = shares.flatMap((share): Placement[] => {
    const count = started.get(share)!;
    return count > 0 ? [{ shape: share.shape, count, includes: share.due.filter((id) => !later.has(id)) }] : [];
  });
  const nominations = shares.flatMap((share) =>
    nominationOf(snapshot, solved, share, share.total - started.get(share)!),
  );
  return { place, nominations, later };
}

function sharesOf({ part: { program }, started, nominated, due: all }: SolvedPlan): Share[] {
  const ids = Map.groupBy(all, (owner) => owner.shape);
  const classes = [...program.members.keys()].filter((index) => isStart(program.stages[program.level[index]!]!));
  return classes.flatMap((index) =>
    program.members[index]!.flatMap((shape) => {
      const total = started[shape]!;
      const due = (ids.get(shape) ?? []).map((owner) => owner.id);
      return total > 0 ? [{ shape, nominated: nominated[shape]!, total, due }] : [];
    }),
  );
}

function byPriority({ waiting }: Snapshot, shares: readonly Share[]): Share[][] {
  const groups = new Map<number, Share[]>();
  for (const share of shares) {
    const { priority } = waiting[share.shape]!;
    groups.set(priority, [...(groups.get(priority) ?? []), share]);
  }
  return [...groups.values()];
}

/** Shares in the order of their nominations: the oldest first. */
function inOrderOfNominations(snapshot: Snapshot, shares: readonly Share[]): Share[] {
  const since = new Map(shapeNominations(snapshot).map(({ shape, sinceMs }) => [shape, sinceMs]));
  const sinceOf = ({ shape }: Share): number => since.get(shape) ?? snapshot.nowMs;
  return shares.toSorted((a, b) => sinceOf(a) - sinceOf(b));
}

function nominationOf(
  snapshot: Snapshot,
  { part: { victims } }: SolvedPlan,
  { shape, nominated }: Share,
  count: number,
): Nomination[] {
  if (count === 0) return [];
  const { priority, request, maxRuntimeSeconds } = snapshot.waiting[shape]!;
  const before = nominated > 0 ? shapeNominations(snapshot).find((one) => one.shape === shape) : undefined;
  const sinceMs = before?.sinceMs ?? snapshot.nowMs;
  const untilMs = lastStopMs(snapshot, victims);
  return [{ priority, request, maxRuntimeSeconds, count, state: 'nominated', sinceMs, untilMs }];
}
