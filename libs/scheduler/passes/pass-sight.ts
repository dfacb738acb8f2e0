import { deflateRawSync, inflateRawSync } from 'node:zlib';

import {
  type Claim,
  type Placement,
  type Plan,
  type Preemption,
  type RunningGroup,
  type Snapshot,
  type StandingReservation,
  type WaitingShape,
} from '#packing';

/** What a pass saw, and what it decided on it: enough to ask later why. */
export interface PassSight {
  readonly snapshot: Snapshot;
  readonly place: readonly Placement[];
  readonly preempt: readonly Preemption[];
  /** The claims that stand after the plan. */
  readonly claims: readonly Claim[];
  /** The reservation that stands after the plan. */
  readonly reservation: StandingReservation | null;
}

/** Rows of shapes and of what runs, beyond which a pass is not remembered: nobody reads so much, and each pass would pay for it. */
const MAX_ROWS = 10_000;

/** Fast rather than small: half the size of JSON is most of what there is to win. */
const LEVEL = 1;

/** The form that is stored: lists instead of objects, because names would be most of it. */
interface Stored {
  readonly version: 1;
  readonly cluster: Omit<Snapshot, 'running' | 'waiting'>;
  readonly running: readonly (readonly (number | string | boolean | null)[])[];
  readonly waiting: readonly (readonly [...amounts: readonly number[], id: string])[];
  readonly place: readonly (readonly [shape: number, count: number, ...includes: readonly string[]])[];
  readonly after: StandingReservation | null;
  /** Missing where nothing is given up; and of sights that a release before has packed. */
  readonly preempt?: readonly (readonly [id: string, group: number, by: number, lostSeconds: number])[];
  readonly claims?: readonly Claim[];
}

/** A pass's sight as bytes; null where it decided nothing, or saw too much to be remembered. */
export function packSight(snapshot: Snapshot, plan: Plan): Uint8Array | null {
  const { running, waiting, ...cluster } = snapshot;
  const isIdle = plan.place.length + plan.preempt.length + plan.reservationEvents.length === 0;
  if (isIdle || running.length + waiting.length > MAX_ROWS) return null;
  const stored: Stored = {
    version: 1,
    cluster,
    running: running.map(fromGroup),
    waiting: waiting.map(({ priority, request, maxRuntimeSeconds, count, oldest }) => [
      priority,
      request.cpuMillis,
      request.memoryMib,
      request.gpuMillis,
      maxRuntimeSeconds ?? 0,
      count,
      oldest.queuedAtMs,
      oldest.id,
    ]),
    place: plan.place.map(({ shape, count, includes }) => [shape, count, ...includes]),
    after: plan.reservation,
    ...(plan.preempt.length === 0
      ? {}
      : { preempt: plan.preempt.map(({ id, group, by, lostSeconds }) => [id, group, by, lostSeconds]) }),
    ...(plan.claims.length === 0 ? {} : { claims: plan.claims }),
  };
  return deflateRawSync(JSON.stringify(stored), { level: LEVEL });
}

/** The sight that was packed. */
export function unpackSight(bytes: Uint8Array): PassSight {
  const stored = JSON.parse(inflateRawSync(bytes).toString('utf8')) as Stored;
  return {
    snapshot: {
      ...stored.cluster,
      running: stored.running.map(toGroup),
      waiting: stored.waiting.map(toShape),
    },
    place: stored.place.map(([shape, count, ...includes]) => ({ shape, count, includes })),
    preempt: (stored.preempt ?? []).map(([id, group, by, lostSeconds]) => ({ id, group, by, lostSeconds })),
    claims: stored.claims ?? [],
    reservation: stored.after,
  };
}

/** A group as a list: after six numbers, what makes one stand alone. */
function fromGroup(group: RunningGroup): Stored['running'][number] {
  const { priority, resources, count, endsAtMs, preemptible, isVacating } = group;
  const { cpuMillis, memoryMib, gpuMillis } = resources;
  const row = [priority, cpuMillis, memoryMib, gpuMillis, count, endsAtMs];
  if (isVacating === true) return [...row, true];
  if (preemptible === undefined) return row;
  const { id, sinceMs, preemptions, stopsAtOnce } = preemptible;
  return [...row, false, id, sinceMs, preemptions, stopsAtOnce];
}

function toGroup(row: Stored['running'][number]): RunningGroup {
  const [priority, cpuMillis, memoryMib, gpuMillis, count, endsAtMs] = row as readonly (number | null)[];
  const group = {
    priority: priority ?? 0,
    resources: { cpuMillis: cpuMillis ?? 0, memoryMib: memoryMib ?? 0, gpuMillis: gpuMillis ?? 0 },
    count: count ?? 0,
    endsAtMs: endsAtMs ?? null,
  };
  const [isVacating, id, sinceMs, preemptions, stopsAtOnce] = row.slice(6);
  if (isVacating === true) return { ...group, isVacating };
  if (typeof id !== 'string') return group;
  return {
    ...group,
    preemptible: { id, sinceMs: Number(sinceMs), preemptions: Number(preemptions), stopsAtOnce: stopsAtOnce === true },
  };
}

function toShape(row: Stored['waiting'][number]): WaitingShape {
  const [priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds, count, queuedAtMs] = row as readonly number[];
  return {
    priority: priority ?? 0,
    request: { cpuMillis: cpuMillis ?? 0, memoryMib: memoryMib ?? 0, gpuMillis: gpuMillis ?? 0 },
    maxRuntimeSeconds: maxRuntimeSeconds === 0 ? null : (maxRuntimeSeconds ?? null),
    count: count ?? 0,
    oldest: { id: row.at(-1) as string, queuedAtMs: queuedAtMs ?? 0 },
  };
}
