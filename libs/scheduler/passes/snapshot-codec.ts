import { deflateRawSync, inflateRawSync } from 'node:zlib';

import {
  type Placement,
  type Plan,
  type Preemption,
  type RunningGroup,
  type Snapshot,
  type Reservation,
  type WaitingShape,
} from '#packing';

/** The snapshot of a pass, and the plan that it led to: enough to explain the pass later. */
export interface PassSnapshot {
  readonly snapshot: Snapshot;
  readonly place: readonly Placement[];
  readonly preempt: readonly Preemption[];
  /** The reservations after the plan. */
  readonly reservations: readonly Reservation[];
}

/** The most shapes and running groups of a snapshot that is stored: encoding a larger one would cost each pass more than it is worth. */
const MAX_ROWS = 10_000;

/** Fast rather than small: higher levels gain little. */
const LEVEL = 1;

/** The form that is stored: lists instead of objects, since field names would be most of it. */
interface Stored {
  readonly version: 1;
  readonly cluster: Omit<Snapshot, 'running' | 'waiting'>;
  readonly running: readonly (readonly (number | string | boolean | null)[])[];
  readonly waiting: readonly (readonly [...amounts: readonly number[], id: string])[];
  readonly place: readonly (readonly [shape: number, count: number, ...includes: readonly string[]])[];
  readonly after: readonly Reservation[];
  /** Missing where nothing is preempted; and of snapshots that a release before has packed. */
  readonly preempt?: readonly (readonly [id: string, group: number, by: number, lostSeconds: number])[];
}

/** Encodes the snapshot of a pass; null where the pass decided nothing, or the snapshot is too large. */
export function encodeSnapshot(snapshot: Snapshot, plan: Plan): Uint8Array | null {
  const { running, waiting, ...cluster } = snapshot;
  const isIdle = plan.place.length + plan.preempt.length + plan.reservationEvents.length === 0;
  if (isIdle || running.length + waiting.length > MAX_ROWS) return null;
  const stored: Stored = {
    version: 1,
    cluster,
    running: running.map(fromGroup),
    waiting: waiting.map(fromShape),
    place: plan.place.map(({ shape, count, includes }) => [shape, count, ...includes]),
    after: plan.reservations,
    ...(plan.preempt.length === 0
      ? {}
      : { preempt: plan.preempt.map(({ id, group, by, lostSeconds }) => [id, group, by, lostSeconds]) }),
  };
  return deflateRawSync(JSON.stringify(stored), { level: LEVEL });
}

/** Decodes what `encodeSnapshot` has encoded. */
export function decodeSnapshot(bytes: Uint8Array): PassSnapshot {
  const stored = JSON.parse(inflateRawSync(bytes).toString('utf8')) as Stored;
  return {
    snapshot: {
      ...stored.cluster,
      running: stored.running.map(toGroup),
      waiting: stored.waiting.map(toShape),
    },
    place: stored.place.map(([shape, count, ...includes]) => ({ shape, count, includes })),
    preempt: (stored.preempt ?? []).map(([id, group, by, lostSeconds]) => ({ id, group, by, lostSeconds })),
    reservations: stored.after,
  };
}

/** A group as a list: six numbers, then the fields of a group that is one deployment, and when it is expected to end where it declares nothing. */
function fromGroup(group: RunningGroup): Stored['running'][number] {
  const { priority, resources, count, endsAtMs, expectedEndMs, preemptible, isTerminating } = group;
  const { cpuMillis, memoryMib, gpuMillis } = resources;
  const row = [priority, cpuMillis, memoryMib, gpuMillis, count, endsAtMs];
  if (isTerminating === true) return [...row, true];
  if (preemptible === undefined) return typeof expectedEndMs !== 'number' ? row : [...row, false, null, expectedEndMs];
  const { id, sinceMs, preemptions, stopsAtOnce } = preemptible;
  return [...row, false, id, sinceMs, preemptions, stopsAtOnce, expectedEndMs ?? null];
}

function toGroup(row: Stored['running'][number]): RunningGroup {
  const [priority, cpuMillis, memoryMib, gpuMillis, count, endsAtMs] = row as readonly (number | null)[];
  const group = {
    priority: priority ?? 0,
    resources: { cpuMillis: cpuMillis ?? 0, memoryMib: memoryMib ?? 0, gpuMillis: gpuMillis ?? 0 },
    count: count ?? 0,
    endsAtMs: endsAtMs ?? null,
  };
  const [isTerminating, id, sinceMs, preemptions, stopsAtOnce, expectedMs] = row.slice(6);
  if (isTerminating === true) return { ...group, isTerminating };
  if (typeof id !== 'string') return { ...group, ...expectedAt(sinceMs) };
  return {
    ...group,
    ...expectedAt(expectedMs),
    preemptible: { id, sinceMs: Number(sinceMs), preemptions: Number(preemptions), stopsAtOnce: stopsAtOnce === true },
  };
}

function expectedAt(ms: unknown): Pick<RunningGroup, 'expectedEndMs'> {
  return typeof ms === 'number' ? { expectedEndMs: ms } : {};
}

function fromShape(shape: WaitingShape): Stored['waiting'][number] {
  const { priority, request, maxRuntimeSeconds, typicalRuntimeSeconds, expectedRuntimeSeconds, count, oldest } = shape;
  const { cpuMillis, memoryMib, gpuMillis } = request;
  const row = [priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds ?? 0, count, oldest.queuedAtMs];
  const isKnown = typicalRuntimeSeconds !== undefined && expectedRuntimeSeconds !== undefined;
  return isKnown ? [...row, typicalRuntimeSeconds, expectedRuntimeSeconds, oldest.id] : [...row, oldest.id];
}

function toShape(row: Stored['waiting'][number]): WaitingShape {
  const [priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds, count, queuedAtMs, typical, expected] =
    row as readonly number[];
  return {
    priority: priority ?? 0,
    request: { cpuMillis: cpuMillis ?? 0, memoryMib: memoryMib ?? 0, gpuMillis: gpuMillis ?? 0 },
    maxRuntimeSeconds: maxRuntimeSeconds === 0 ? null : (maxRuntimeSeconds ?? null),
    ...(typeof typical === 'number' && typeof expected === 'number'
      ? { typicalRuntimeSeconds: typical, expectedRuntimeSeconds: expected }
      : {}),
    count: count ?? 0,
    oldest: { id: row.at(-1) as string, queuedAtMs: queuedAtMs ?? 0 },
  };
}
