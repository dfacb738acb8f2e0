import { compareAge } from '../rows.js';
import type { WaitingShape } from '../types.js';

/**
 * The slice of each shape, by its index: where a priority has more than `mostShapes` shapes, those with the oldest deployments are the first slice,
 * and so on.
 */
export function slicesOf(waiting: readonly WaitingShape[], mostShapes: number): Int32Array {
  const slices = new Int32Array(waiting.length);
  for (const shapes of Map.groupBy(waiting.keys(), (index) => waiting[index]!.priority).values()) {
    if (shapes.length <= mostShapes) continue;
    shapes.sort((a, b) => compareAge(waiting[a]!.oldest, waiting[b]!.oldest));
    shapes.forEach((shape, place) => (slices[shape] = Math.floor(place / mostShapes)));
  }
  return slices;
}
