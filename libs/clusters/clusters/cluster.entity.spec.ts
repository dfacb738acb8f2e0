import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DomainError, RESOURCES, ResourceVector } from '#kernel';

import { grantable } from '../capacity/cluster-capacity.js';
import { Cluster, differences, nameKeyOf } from './cluster.entity.js';

const vector = (cpuMillis: number, memoryMib = 0, gpuMillis = 0): ResourceVector =>
  ResourceVector.of({ cpuMillis, memoryMib, gpuMillis });

interface Given {
  readonly policy?: Cluster['policy'];
  readonly capacity?: ResourceVector;
  readonly pending?: ResourceVector;
  readonly allocated?: ResourceVector;
}

function aCluster({
  policy = {},
  capacity = vector(10, 10, 10),
  pending,
  allocated = vector(4, 4, 4),
}: Given = {}): Cluster {
  return Object.assign(Object.create(Cluster.prototype) as Cluster, {
    ...{ name: 'pool', nameKey: 'pool', state: 'active', access: 'organization', policy },
    capacityCpuMillis: capacity.cpuMillis,
    capacityMemoryMib: capacity.memoryMib,
    capacityGpuMillis: capacity.gpuMillis,
    pendingCpuMillis: pending?.cpuMillis ?? null,
    pendingMemoryMib: pending?.memoryMib ?? null,
    pendingGpuMillis: pending?.gpuMillis ?? null,
    allocatedCpuMillis: allocated.cpuMillis,
    allocatedMemoryMib: allocated.memoryMib,
    allocatedGpuMillis: allocated.gpuMillis,
  });
}

const vectors = fc
  .record({ cpuMillis: fc.nat(20), memoryMib: fc.nat(20), gpuMillis: fc.nat(20) })
  .map((amounts) => ResourceVector.of(amounts));

describe('Cluster.edit()', () => {
  it('keeps the fields that an edit does not name', () => {
    const cluster = aCluster({ policy: { searchSteps: 7 }, pending: vector(3, 3, 3) });
    const before = cluster.auditState();
    cluster.edit({});
    expect(differences(before, cluster.auditState())).toBeUndefined();
    cluster.edit({ name: 'Other' });
    expect(cluster).toMatchObject({ name: 'Other', nameKey: nameKeyOf('other'), policy: { searchSteps: 7 } });
  });

  it('completes a capacity from the pending capacity where there is one', () => {
    const pending = aCluster({ pending: vector(3, 9, 9) });
    pending.edit({ capacity: { memoryMib: 8 }, whenFree: true });
    expect(pending.pendingCapacity()).toEqual(vector(3, 8, 9));
    const cluster = aCluster();
    cluster.edit({ capacity: { memoryMib: 8 } });
    expect(cluster.capacity()).toEqual(vector(10, 8, 10));
  });

  it('keeps what is allocated within the capacity: a change takes effect, waits, or is refused', () => {
    fc.assert(
      fc.property(vectors, vectors, fc.boolean(), (allocated, wanted, whenFree) => {
        const cluster = aCluster({ capacity: vector(20, 20, 20), allocated });
        try {
          cluster.edit({ capacity: wanted.toAmounts(), whenFree });
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          expect(error.code).toBe(wanted.isZero() ? 'CLUSTERS.CAPACITY_EMPTY' : 'CLUSTERS.CAPACITY_IN_USE');
          expect(wanted.isZero() || (!whenFree && !allocated.fitsIn(wanted))).toBe(true);
          return;
        }
        expect(allocated.fitsIn(cluster.capacity())).toBe(true);
        expect(cluster.pendingCapacity() ?? cluster.capacity()).toEqual(wanted);
        expect(cluster.pendingCapacity() === null).toBe(allocated.fitsIn(wanted));
      }),
    );
  });

  it('shows in the audit log the fields that differ, before and after, and no others', () => {
    const cluster = aCluster({ policy: { searchSteps: 7 } });
    const before = cluster.auditState();
    cluster.edit({ name: 'other', capacity: { cpuMillis: 2 }, whenFree: true, policy: { reserveAfterSeconds: null } });
    expect(differences(before, cluster.auditState())).toEqual({
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

describe('grantable()', () => {
  it('returns the smaller of the current and the pending capacity, per resource', () => {
    fc.assert(
      fc.property(vectors, fc.option(vectors), (capacity, pending) => {
        const most = grantable(capacity, pending);
        expect(most.fitsIn(capacity) && most.fitsIn(pending ?? capacity)).toBe(true);
        for (const resource of RESOURCES) {
          expect([capacity[resource], pending?.[resource]]).toContain(most[resource]);
        }
      }),
    );
  });
});
