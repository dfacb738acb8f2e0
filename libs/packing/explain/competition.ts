import { type Resource, RESOURCES } from '#kernel';

import { toRow, exceedsCapacity } from '../rows.js';
import type { Snapshot, WaitingShape } from '../types.js';
import { isSmaller } from './places.js';

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
  readonly shapes: number[];
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
  const left = (index: number): number => waiting[index]!.count - starts[index]!;
  const levels = levelsOf(snapshot, starts, left);
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
        else add('smaller', level.priority, countSmaller(snapshot, level, shape, mask, left));
      }
      return ahead;
    },
  };
}

function levelsOf(snapshot: Snapshot, starts: Float64Array, left: (index: number) => number): Level[] {
  const byPriority = new Map<number, Level>();
  for (const [index, shape] of snapshot.waiting.entries()) {
    const { priority } = shape;
    const level = byPriority.get(priority) ?? {
      priority,
      starting: new Float64Array(MASKS),
      waiting: new Float64Array(MASKS),
      shapes: [],
    };
    byPriority.set(priority, level);
    const mask = maskOf(toRow(shape.request));
    level.starting[mask] = level.starting[mask]! + starts[index]!;
    if (exceedsCapacity(snapshot, shape)) continue;
    level.waiting[mask] = level.waiting[mask]! + left(index);
    level.shapes.push(index);
  }
  return [...byPriority.values()].sort((a, b) => b.priority - a.priority);
}

function countIn(counts: Float64Array, mask: number): number {
  return counts.reduce((sum, count, needs) => ((needs & mask) === 0 ? sum : sum + count), 0);
}

function countSmaller(
  { waiting }: Snapshot,
  { shapes }: Level,
  { request }: WaitingShape,
  mask: number,
  left: (index: number) => number,
): number {
  let sum = 0;
  for (const index of shapes) {
    const other = waiting[index]!.request;
    if ((maskOf(toRow(other)) & mask) !== 0 && isSmaller(other, request)) sum += left(index);
  }
  return sum;
}
