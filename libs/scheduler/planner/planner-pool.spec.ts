import { describe, expect, it } from '@jest/globals';

import { PlannerPool } from './planner-pool.js';

describe('PlannerPool', () => {
  it('leaves a slot and a core to other accounts, and lets every account plan', () => {
    const ofAccount = (slots: number, cores: number): number => new PlannerPool(slots, cores).slotsOfAccount;
    expect([ofAccount(4, 1), ofAccount(4, 2), ofAccount(4, 3), ofAccount(4, 16)]).toEqual([1, 1, 2, 3]);
    expect([ofAccount(2, 1), ofAccount(2, 16)]).toEqual([1, 1]);
  });
});
