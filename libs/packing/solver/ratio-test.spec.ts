import { beforeEach, describe, expect, it } from '@jest/globals';

import { RatioTest } from './ratio-test.js';

const passed = (test: RatioTest): number[] => {
  const variables: number[] = [];
  test.forEachPassed((variable) => variables.push(variable));
  return variables.sort((a, b) => a - b);
};

describe('the long-step ratio test', () => {
  const alpha = Float64Array.from([1, 1, 1, 5]);
  let test: RatioTest;
  beforeEach(() => {
    test = new RatioTest(4);
    test.begin();
  });

  it('passes breakpoints, nearest first, as long as the slope stays positive', () => {
    test.offer(0, 3, 4);
    test.offer(1, 1, 4);
    test.offer(2, 2, 4);
    expect(test.choose(6, alpha)).toBe(2);
    expect(passed(test)).toEqual([1]);
  });

  it('stops where the slope is exactly zero: going on would find false contradictions', () => {
    test.offer(0, 1, 4);
    test.offer(1, 2, 2);
    expect(test.choose(6, alpha)).toBe(1);
  });

  it('finds a contradiction where no breakpoint ends the step', () => {
    test.offer(0, 1, 4);
    test.offer(1, 2, 1);
    expect(test.choose(6, alpha)).toBe(-1);
    expect(passed(test)).toEqual([0, 1]);
  });

  it('finds no contradiction where only rounding errors are left', () => {
    test.offer(0, 1, 4);
    test.offer(1, 2, 2 - 1e-9);
    expect(test.choose(6, alpha)).toBe(1);
  });

  it('takes the largest coefficient among breakpoints that coincide', () => {
    test.offer(0, 1, 9);
    test.offer(3, 1, 9);
    expect(test.choose(6, alpha)).toBe(3);
  });

  it('returns nothing without candidates', () => {
    expect(test.choose(1, alpha)).toBe(-1);
    expect(passed(test)).toEqual([]);
  });
});
