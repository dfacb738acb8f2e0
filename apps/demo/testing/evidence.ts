import { type DeploymentEvidence, type Evidence, type PassEvidence } from '../evidence.js';
import { ResourceVector } from '../resources.js';

const CAPACITY = ResourceVector.of({ cpuMillis: 8_000, memoryMib: 32_768, gpuMillis: 2_000 });

/** A deployment that ran and succeeded. */
export function aDeployment(id: string, changes: Partial<DeploymentEvidence> = {}): DeploymentEvidence {
  return {
    id,
    priority: 2,
    status: 'succeeded',
    scheduledAt: '2026-01-01T00:00:01Z',
    endedAt: '2026-01-01T00:00:02Z',
    releasedAt: '2026-01-01T00:00:02.010Z',
    submittedBy: 'developer',
    ...changes,
  };
}

/** A deployment that was cancelled before it was ever placed. */
export function neverPlaced(id: string): DeploymentEvidence {
  return aDeployment(id, { status: 'cancelled', scheduledAt: null });
}

/** A pass that did nothing, proved. */
export function aPass(changes: Partial<PassEvidence> = {}): PassEvidence {
  return {
    id: 'pass',
    startedAt: '2026-01-01T00:00:01Z',
    finishedAt: '2026-01-01T00:00:01.020Z',
    waiting: 0,
    shapes: 0,
    placed: 0,
    released: 0,
    certificate: { optimal: true, levels: [], utilization: { value: 0, upperBound: 0 } },
    durationsMs: { settle: 5, snapshot: 1, plan: 4, apply: 10 },
    ...changes,
  };
}

/** A cluster in which two deployments ran, one was cancelled in the queue, and all is well. */
export function someEvidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    name: 'lab/pool',
    view: { capacity: CAPACITY, allocated: ResourceVector.ZERO, available: CAPACITY, queued: 0 },
    deployments: [aDeployment('a'), aDeployment('b', { status: 'failed' }), neverPlaced('c')],
    passes: [aPass({ placed: 2 }), aPass({ released: 2 })],
    accepted: new Set(['a', 'b', 'c']),
    ended: new Map([
      ['a', 'succeeded'],
      ['b', 'failed'],
      ['c', 'cancelled'],
    ]),
    submitter: 'developer',
    faults: [],
    ...changes,
  };
}
