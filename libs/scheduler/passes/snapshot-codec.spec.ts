import { describe, expect, it } from '@jest/globals';

import { DEFAULT_POLICY, plan, type Snapshot } from '#packing';

import { encodeSnapshot, decodeSnapshot } from './snapshot-codec.js';

const amounts = (cpuMillis: number) => ({ cpuMillis, memoryMib: 3, gpuMillis: 0 });

const snapshot: Snapshot = {
  capacity: { cpuMillis: 100, memoryMib: 100, gpuMillis: 0 },
  nowMs: 1_000_000,
  policy: { ...DEFAULT_POLICY, reserveAfterSeconds: 0 },
  isCordoned: false,
  running: [{ priority: 50, resources: amounts(50), count: 1, endsAtMs: 1_090_000 }],
  waiting: [
    {
      priority: 50,
      request: amounts(80),
      maxRuntimeSeconds: null,
      typicalRuntimeSeconds: 90,
      expectedRuntimeSeconds: 120,
      count: 1,
      oldest: { id: 'large', queuedAtMs: 5 },
    },
    { priority: 50, request: amounts(20), maxRuntimeSeconds: 60, count: 7, oldest: { id: 'small', queuedAtMs: 9 } },
  ],
  reservations: [],
};

describe('an encoded snapshot', () => {
  it('decodes to what was encoded', () => {
    const made = plan(snapshot);
    const bytes = encodeSnapshot(snapshot, made);
    expect(decodeSnapshot(bytes!)).toEqual({
      snapshot,
      place: made.place,
      preempt: [],
      reservations: made.reservations,
    });
  });

  it('keeps preemption candidates, victims and nominations', () => {
    const single = { priority: 10, resources: amounts(20), count: 1, endsAtMs: null };
    const preemptible = { id: 'young', sinceMs: 999_000, preemptions: 2, stopsAtOnce: true };
    const nominated = { ...snapshot.waiting[0]!, count: 1, sinceMs: 900_000, untilMs: 1_100_000 };
    const { priority, request, maxRuntimeSeconds, count, sinceMs, untilMs } = nominated;
    const reservations = [
      { priority, request, maxRuntimeSeconds, count, state: 'nominated' as const, sinceMs, untilMs },
    ];
    const crowded: Snapshot = {
      ...snapshot,
      running: [...snapshot.running, { ...single, preemptible }, { ...single, isTerminating: true }],
      reservations,
    };
    const made = { ...plan(snapshot), preempt: [{ id: 'young', group: 1, by: 0, lostSeconds: 1 }], reservations };
    expect(decodeSnapshot(encodeSnapshot(crowded, made)!)).toEqual({
      snapshot: crowded,
      place: made.place,
      preempt: made.preempt,
      reservations,
    });
  });

  it('encodes no snapshot of a pass that decided nothing', () => {
    const idle = { ...snapshot, waiting: [] };
    expect(encodeSnapshot(idle, plan(idle))).toBeNull();
  });

  it('spends a few bytes per shape', () => {
    const waiting = Array.from({ length: 500 }, (_, index) => ({
      priority: index % 5,
      request: amounts(20 + index),
      maxRuntimeSeconds: null,
      count: 1 + (index % 17),
      oldest: {
        id: `0192f0c4-7e3a-7bb0-8${String(index).padStart(3, '0')}-${String(index * 7919).padStart(12, '0')}`,
        queuedAtMs: 1_700_000_000_000 + index * 977,
      },
    }));
    const many = { ...snapshot, waiting };
    expect(encodeSnapshot(many, plan(many))!.length).toBeLessThan(500 * 40);
  });
});
