import { type Resource, RESOURCES } from '#kernel';

import { toRow, exceedsCapacity } from '../rows.js';
import type { Snapshot, WaitingShape } from '../types.js';
import { dominatedSums, type Point, type WeightedPoint } from './dominated-sums.js';

/** Deployments of one priority that come first. */
export interface Ahead {
  readonly reason: 'starts-in-this-cycle' | 'higher-priority' | 'smaller';
  readonly priority: number;
  readonly deployments: number;
}

/** Knows which other deployments need what a shape is missing. */
export interface Competition {
  /** Highest priority first. */
  aheadOf(shape: number, missing: readonly Resource[]): Ahead[];
}

/** Deployments of one priority by which of the three resources they need: a bit for each. */
interface Level {
  readonly priority: number;
  readonly starting: Float64Array;
  readonly waiting: Float64Array;
  /** Requests with how many of each are left waiting, and what of that has the same request. */
  readonly requests: WeightedPoint[];
  readonly ofRequest: Map<string, number>;
  /** Counts those left waiting that ask for at most so much; made when the first shape of the level asks. */
  countUpTo: ((request: Point) => number) | null;
}

const MASKS = 2 ** RESOURCES.length;

function maskOf(amounts: readonly number[]): number {
  return amounts.reduce((mask, amount, row) => (amount > 0 ? mask | (1 << row) : mask), 0);
}

/**
 * Counts, per priority, the competitors for each resource. What is larger than the cluster competes for nothing.
 *
 * @param starts how many of each shape the plan starts
 */
export function competitionOf(snapshot: Snapshot, starts: Float64Array): Competition {
  const { waiting } = snapshot;
  const levels = levelsOf(snapshot, starts);
  return {
    aheadOf(index, missing) {
      const shape = waiting[index]!;
      const mask = maskOf(RESOURCES.map((resource) => (missing.includes(resource) ? 1 : 0)));
      const ahead: Ahead[] = [];
      const add = (reason: Ahead['reason'], priority: number, deployments: number): void => {
        if (deployments > 0) ahead.push({ reason, priority, deployments });
      };
      for (const level of levels) {
        if (level.priority < shape.priority) break;
        add('starts-in-this-cycle', level.priority, countIn(level.starting, mask));
        if (level.priority > shape.priority) add('higher-priority', level.priority, countIn(level.waiting, mask));
        else add('smaller', level.priority, countSmaller(level, shape, mask));
      }
      return ahead;
    },
  };
}

function levelsOf(snapshot: Snapshot, starts: Float64Array): Level[] {
  const byPriority = new Map<number, Level>();
  for (const [index, shape] of snapshot.waiting.entries()) {
    const { priority } = shape;
    const level = byPriority.get(priority) ?? {
      priority,
      starting: new Float64Array(MASKS),
      waiting: new Float64Array(MASKS),
      requests: [],
      ofRequest: new Map<string, number>(),
      countUpTo: null,
    };
    byPriority.set(priority, level);
    const request = toRow(shape.request);
    const mask = maskOf(request);
    level.starting[mask] = level.starting[mask]! + starts[index]!;
    if (exceedsCapacity(snapshot, shape)) continue;
    const left = shape.count - starts[index]!;
    if (left === 0) continue;
    level.waiting[mask] = level.waiting[mask]! + left;
    level.requests.push({ at: request, weight: left });
    level.ofRequest.set(request.join(), (level.ofRequest.get(request.join()) ?? 0) + left);
  }
  return [...byPriority.values()].sort((a, b) => b.priority - a.priority);
}

function countIn(counts: Float64Array, mask: number): number {
  return counts.reduce((sum, count, needs) => ((needs & mask) === 0 ? sum : sum + count), 0);
}

/**
 * Those that need some of what is missing, and ask for at most as much of every resource and for less of one: all up to the request, without
 * those that need nothing of what is missing, and without those that ask for the same.
 */
function countSmaller(level: Level, { request }: WaitingShape, missing: number): number {
  level.countUpTo ??= dominatedSums(level.requests);
  const own = toRow(request);
  const [cpu, memory, gpu] = own.map((amount, row) => ((missing >> row) & 1 ? 0 : amount)) as [number, number, number];
  return level.countUpTo(own) - level.countUpTo([cpu, memory, gpu]) - (level.ofRequest.get(own.join()) ?? 0);
}
