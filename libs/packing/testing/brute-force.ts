import { type Resource, RESOURCES } from '#kernel';

import type { Snapshot } from '../types.js';

/** The lexicographically best counts per level, highest priority first, and with them the highest sum of shares: by trying everything. */
export function bruteForce(snapshot: Snapshot): { counts: number[]; utilization: number } {
  const { capacity, running, waiting } = snapshot;
  const priorities = [...new Set(waiting.map((shape) => shape.priority))].sort((a, b) => b - a);
  const left = new Map<Resource, number>();
  let base = 0;
  for (const resource of RESOURCES) {
    const used = running.reduce((sum, group) => sum + group.resources[resource] * group.count, 0);
    left.set(resource, Math.max(0, capacity[resource] - used));
    if (capacity[resource] > 0) base += used / capacity[resource];
  }
  const counts = priorities.map(() => 0);
  let best: { counts: number[]; utilization: number } = { counts: counts.slice(), utilization: base };
  const isBetter = (utilization: number): boolean => {
    for (const [level, count] of counts.entries()) {
      const difference = count - best.counts[level]!;
      if (difference !== 0) return difference > 0;
    }
    return utilization > best.utilization;
  };
  const descend = (index: number, utilization: number): void => {
    const shape = waiting[index];
    if (shape === undefined) {
      if (isBetter(utilization)) best = { counts: counts.slice(), utilization };
      return;
    }
    const level = priorities.indexOf(shape.priority);
    for (let placed = 0; placed <= shape.count; placed++) {
      const fits = RESOURCES.every((resource) => shape.request[resource] * placed <= left.get(resource)!);
      if (!fits) break;
      let more = 0;
      for (const resource of RESOURCES) {
        const taken = shape.request[resource] * placed;
        left.set(resource, left.get(resource)! - taken);
        if (capacity[resource] > 0) more += taken / capacity[resource];
      }
      counts[level] = counts[level]! + placed;
      descend(index + 1, utilization + more);
      counts[level] = counts[level] - placed;
      for (const resource of RESOURCES) {
        left.set(resource, left.get(resource)! + shape.request[resource] * placed);
      }
    }
  };
  descend(0, base);
  return best;
}
