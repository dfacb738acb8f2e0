import type { ResourceAmounts } from '#kernel';

import type { Plan, Snapshot, WaitingHead, WaitingShape } from '../types.js';

/** What makes waiting deployments interchangeable, as a key. */
export function keyOf({ priority, request, maxRuntimeSeconds }: Omit<WaitingShape, 'count' | 'oldest'>): string {
  return `${priority}/${request.cpuMillis}/${request.memoryMib}/${request.gpuMillis}/${maxRuntimeSeconds ?? ''}`;
}

/** How many of each shape a plan starts, by index. */
export function startsOf({ waiting }: Pick<Snapshot, 'waiting'>, { place }: Pick<Plan, 'place'>): Float64Array {
  const starts = new Float64Array(waiting.length);
  for (const { shape, count } of place) starts[shape] = count;
  return starts;
}

/** One waiting deployment: its shape, and how many of that shape are older. */
export interface Standing extends WaitingHead {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
  readonly older: number;
}

/** Whether a plan starts a deployment: those that a reservation names, then the oldest of the shape. */
export function doesStart(snapshot: Snapshot, { place }: Pick<Plan, 'place'>, standing: Standing): boolean {
  const placement = place.find(({ shape }) => shape === standing.shape);
  if (placement === undefined) return false;
  const { count, includes } = placement;
  if (includes.includes(standing.id)) return true;
  const shape = snapshot.waiting[standing.shape] as WaitingShape;
  const heads = [shape.oldest, ...(shape.followers ?? [])].map(({ id }) => id);
  const own = heads.indexOf(standing.id);
  const named = includes.filter((id) => own < 0 || heads.indexOf(id) < own).length;
  return standing.older - named < count - includes.length;
}

/** Oldest first, ties by id. */
export function compareAge(a: WaitingHead, b: WaitingHead): number {
  if (a.queuedAtMs !== b.queuedAtMs) return a.queuedAtMs - b.queuedAtMs;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** Whether a request is at most another one in every resource, and less in one. */
export function isSmaller(a: ResourceAmounts, b: ResourceAmounts): boolean {
  if (a.cpuMillis > b.cpuMillis || a.memoryMib > b.memoryMib || a.gpuMillis > b.gpuMillis) return false;
  return a.cpuMillis !== b.cpuMillis || a.memoryMib !== b.memoryMib || a.gpuMillis !== b.gpuMillis;
}

/** Equal in every resource. */
export function isSame(a: ResourceAmounts, b: ResourceAmounts): boolean {
  return a.cpuMillis === b.cpuMillis && a.memoryMib === b.memoryMib && a.gpuMillis === b.gpuMillis;
}
