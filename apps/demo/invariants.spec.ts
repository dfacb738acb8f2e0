import { describe, expect, it } from '@jest/globals';

import { type Evidence } from './evidence.js';
import { isConsistent, violationsOf } from './invariants.js';
import { ResourceVector } from './resources.js';
import { faultOf } from './site.js';
import { aDeployment, aPass, neverPlaced, someEvidence } from './testing/evidence.js';

const SOME = ResourceVector.of({ cpuMillis: 1_000, memoryMib: 0, gpuMillis: 0 });
const { view, deployments } = someEvidence();
const NO_LEVELS = { levels: [], utilization: { value: 0, upperBound: 0 } };

const without = (id: string): Partial<Evidence> => ({ deployments: deployments.filter((one) => one.id !== id) });
const instead = (id: string, changes: Parameters<typeof aDeployment>[1]): Partial<Evidence> => ({
  deployments: deployments.map((one) => (one.id === id ? { ...one, ...changes } : one)),
});

describe('violationsOf', () => {
  it('finds nothing when all deployments ended, were released and were counted', () => {
    expect(violationsOf(someEvidence())).toEqual([]);
  });

  it('excludes deployments cancelled in the queue from the placed ones', () => {
    expect(
      violationsOf(
        someEvidence({
          deployments: [neverPlaced('a'), neverPlaced('b')],
          passes: [],
          ended: new Map(),
          accepted: new Set(['a', 'b']),
        }),
      ),
    ).toEqual([]);
  });

  it('permits deployments of another client', () => {
    const another = aDeployment('x', { submittedBy: 'another' });
    const passes = [aPass({ placed: 3, released: 3 })];
    expect(violationsOf(someEvidence({ deployments: [...deployments, another], passes }))).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, string]>([
    ['a deployment is lost', without('c'), 'lab/pool: 1 accepted and do not exist: c'],
    [
      'one was submitted twice',
      { deployments: [...deployments, neverPlaced('d')] },
      'lab/pool: 1 exist and were never accepted (submitted twice?): d',
    ],
    [
      'one never ended',
      instead('a', { status: 'scheduled', endedAt: null, releasedAt: null }),
      '1 have not ended: a scheduled',
    ],
    ['one kept its resources', instead('a', { releasedAt: null }), '1 ended and did not give their resources back: a'],
    ['one ended otherwise', instead('a', { status: 'failed' }), '1 did not end as it was acknowledged: a failed'],
    [
      'something is still allocated',
      { view: { ...view, allocated: SOME, available: view.capacity.minus(SOME) } },
      'still allocated: {"cpuMillis":1000',
    ],
    ['available is not all', { view: { ...view, available: SOME } }, 'available is not capacity: {"cpuMillis":1000'],
    ['the queue is not empty', { view: { ...view, queued: 4 } }, "4 still wait by the cluster's own count"],
    [
      'too little was placed',
      { passes: [aPass({ placed: 1, released: 2 })] },
      'passes placed 1, but 2 deployments were started',
    ],
    [
      'too much was released',
      { passes: [aPass({ placed: 2, released: 3 })] },
      'passes released 3, but 2 deployments were started',
    ],
    [
      'a certificate claims too much',
      { passes: [aPass({ id: 'p', placed: 2, released: 2, certificate: { ...NO_LEVELS, optimal: false } })] },
      '1 are passes whose certificate contradicts itself: p',
    ],
    [
      'something was wrong on the way',
      { faults: ['more was allocated than there is'] },
      'lab/pool: during the run, more was allocated',
    ],
  ])('reports that %s', (_what, changes, violation) => {
    expect(violationsOf(someEvidence(changes))).toContainEqual(expect.stringContaining(violation));
  });

  it('names three of many deployments', () => {
    const many = Array.from({ length: 5 }, (_, index) => neverPlaced(`x${index}`));
    expect(violationsOf(someEvidence({ deployments: [...deployments, ...many] }))).toEqual([
      'lab/pool: 5 exist and were never accepted (submitted twice?): x0, x1, x2, ...',
    ]);
  });
});

describe('isConsistent', () => {
  const utilization = { value: 1, upperBound: 1 };

  it.each([
    [true, 3, 3, true],
    [false, 2, 3, true],
    [true, 2, 3, false],
    [false, 3, 3, false],
    [true, 4, 3, false],
    [false, 4, 3, false],
  ])('checks a certificate with optimal %s, %i placed, bound %i: %s', (optimal, placed, upperBound, expected) => {
    expect(isConsistent({ optimal, levels: [{ priority: 1, placed, upperBound }], utilization })).toBe(expected);
  });
});

describe('faultOf', () => {
  it('reports allocations above capacity, and a wrong available amount', () => {
    expect(faultOf(view)).toBeUndefined();
    expect(faultOf({ ...view, allocated: view.capacity.plus(SOME) })).toBe('more was allocated than there is');
    expect(faultOf({ ...view, allocated: SOME })).toBe('available was not capacity minus allocated');
  });
});
