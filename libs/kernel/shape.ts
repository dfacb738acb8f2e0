import { type ResourceAmounts, RESOURCES } from './resource-vector.js';

/**
 * What makes deployments interchangeable for the planner (equivalence class): priority, request, declared runtime. A new dimension is
 * added here and in `libs/database/sql/shape-columns.ts`.
 */
export interface ShapeKey extends ResourceAmounts {
  readonly priority: number;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
}

/** The shape alone of a value that has more. */
export function shapeOf({ priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds }: ShapeKey): ShapeKey {
  return { priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds };
}

/** A shape as text, equal exactly for equal shapes: the key of maps. */
export function shapeText(shape: ShapeKey): string {
  return [shape.priority, ...RESOURCES.map((resource) => shape[resource]), shape.maxRuntimeSeconds].join(' ');
}

export function isSameShape(one: ShapeKey, other: ShapeKey): boolean {
  return shapeText(one) === shapeText(other);
}
