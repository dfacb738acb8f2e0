import { describe, expect, it } from '@jest/globals';

import { isSameShape, type ShapeKey, shapeOf, shapeText } from './shape.js';

const SHAPE: ShapeKey = { priority: 50, cpuMillis: 1, memoryMib: 2, gpuMillis: 3, maxRuntimeSeconds: null };

describe('shapes', () => {
  it.each(['priority', 'cpuMillis', 'memoryMib', 'gpuMillis', 'maxRuntimeSeconds'] as const)(
    'distinguishes shapes by %s',
    (dimension) => {
      const other = { ...SHAPE, [dimension]: 4 };
      expect(isSameShape(SHAPE, other)).toBe(false);
      expect(shapeText(SHAPE)).not.toBe(shapeText(other));
    },
  );

  it('compares shapes whatever else a value has', () => {
    const waiting = { ...SHAPE, waiting: 7 };
    expect(isSameShape(SHAPE, waiting)).toBe(true);
    expect(shapeOf(waiting)).toEqual(SHAPE);
  });
});
