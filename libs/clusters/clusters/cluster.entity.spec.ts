import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DomainError, RESOURCES, ResourceVector } from '#kernel';

import { grantable } from '../capacity/cluster-capacity.js';
import { differences, edited, stateOf } from './cluster-edit.js';
import { type EditableCluster } from './clusters.repository.js';

const vector = (cpuMillis: number, memoryMib = 0, gpuMillis = 0): ResourceVector =>
  ResourceVector.of({ cpuMillis, memoryMib, gpuMillis });

function aCluster(fields: Partial<EditableCluster> = {}): EditableCluster {
  return {
    id: '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10',
    name: 'pool',
    state: 'active',
    access: 'organization',
    policy: {},
    capacity: vector(10, 10, 10),
    pendingCapacity: null,
    allocated: vector(4, 4, 4),
    version: 1,
    ...fields,
  };
}

const vectors = fc
  .record({ cpuMillis: fc.nat(20), memoryMib: fc.nat(20), gpuMillis: fc.nat(20) })
  .map((amounts) => ResourceVector.of(amounts));

describe('an edit of a cluster', () => {
  it('leaves what it does not name', () => {
    const before = aCluster({ policy: { searchSteps: 7 }, pendingCapacity: vector(3, 3, 3) });
    expect(differences(stateOf(before), stateOf(edited(before, {})))).toBeUndefined();
    expect(edited(before, { name: 'other' })).toMatchObject({ name: 'other', policy: { searchSteps: 7 } });
  });

  it('completes a capacity from what is to be, not from what is', () => {
    const pending = aCluster({ pendingCapacity: vector(3, 9, 9) });
    expect(edited(pending, { capacity: { memoryMib: 8 }, whenFree: true }).pendingCapacity).toEqual(vector(3, 8, 9));
    expect(edited(aCluster(), { capacity: { memoryMib: 8 } }).capacity).toEqual(vector(10, 8, 10));
  });

  it('never takes away what is allocated: it takes effect, waits, or is refused', () => {
    fc.assert(
      fc.property(vectors, vectors, fc.boolean(), (allocated, wanted, whenFree) => {
        const before = aCluster({ capacity: vector(20, 20, 20), allocated });
        let after;
        try {
          after = edited(before, { capacity: wanted.toAmounts(), whenFree });
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          expect(error.code).toBe(wanted.isZero() ? 'CLUSTERS.CAPACITY_EMPTY' : 'CLUSTERS.CAPACITY_IN_USE');
          expect(wanted.isZero() || (!whenFree && !allocated.fitsIn(wanted))).toBe(true);
          return;
        }
        expect(allocated.fitsIn(after.capacity)).toBe(true);
        expect(after.pendingCapacity ?? after.capacity).toEqual(wanted);
        expect(after.pendingCapacity === null).toBe(allocated.fitsIn(wanted));
      }),
    );
  });

  it('never lets more be granted than there is now, nor than there will be', () => {
    fc.assert(
      fc.property(vectors, fc.option(vectors), (capacity, pendingCapacity) => {
        const most = grantable({ capacity, pendingCapacity });
        expect(most.fitsIn(capacity) && most.fitsIn(pendingCapacity ?? capacity)).toBe(true);
        for (const resource of RESOURCES) {
          expect([capacity[resource], pendingCapacity?.[resource]]).toContain(most[resource]);
        }
      }),
    );
  });
});

describe('the trace of an edit', () => {
  it('shows what differs, before and after, and nothing else', () => {
    const before = aCluster({ policy: { searchSteps: 7 } });
    const after = edited(before, {
      name: 'other',
      capacity: { cpuMillis: 2 },
      whenFree: true,
      policy: { reserveAfterSeconds: null },
    });
    expect(differences(stateOf(before), stateOf(after))).toEqual({
      before: { name: 'pool', 'pending.cpuMillis': null, 'pending.memoryMib': null, 'pending.gpuMillis': null },
      after: {
        name: 'other',
        'pending.cpuMillis': 2,
        'pending.memoryMib': 10,
        'pending.gpuMillis': 10,
        'policy.reserveAfterSeconds': null,
      },
    });
  });
});
