import { deflateRawSync, inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';

import {
  type Blocker,
  blockersOf,
  type ClusterStop,
  keyOf,
  type Plan,
  type ShapeOf,
  type Snapshot,
  type WaitingMember,
} from '#packing';

/** A shape that a pass left waiting, and what keeps it. */
export interface ReportedShape extends ShapeOf {
  /** Unique among the shapes of a queue. */
  readonly key: string;
  /** How many of it wait. */
  readonly waiting: number;
  /** The oldest of them; null where the pass had no need to know. */
  readonly oldest: WaitingMember | null;
  /** How many of them, the oldest, start as soon as what was stopped for them is gone. */
  readonly nominated: number;
  /** What keeps the oldest; the others wait for the same, and behind it. */
  readonly blockers: readonly Blocker[];
}

/** What keeps a queue: all of its shapes are counted, and as many described as there is room for, by rank. */
export interface QueueBlockerReport {
  readonly shapes: number;
  readonly waiting: number;
  /** Priority from the highest, then the age of the oldest. */
  readonly described: readonly ReportedShape[];
}

/** A report as it is stored. */
export interface EncodedReport {
  readonly shapes: number;
  readonly waiting: number;
  readonly bytes: Uint8Array;
}

/** What a pass saw and decided, as far as it says what waits and why. */
export interface ReportedPass {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** Why nothing starts, where that is so. */
  readonly stops: readonly ClusterStop[];
}

/** The most shapes and blockers of a report: some hundred kilobytes, whatever waits. */
const MAX_SHAPES = 5_000;
const MAX_BLOCKERS = 30_000;

/** Fast rather than small, as with what passes saw. */
const LEVEL = 1;

const inflate = promisify(inflateRaw);

/** The form that is stored: lists, because names would be most of it. */
type Row = readonly [
  priority: number,
  cpuMillis: number,
  memoryMib: number,
  gpuMillis: number,
  maxRuntimeSeconds: number | null,
  waiting: number,
  oldestId: string,
  queuedAtMs: number,
  blockers: readonly Blocker[],
  nominated: number,
];

/** What keeps each shape that a plan leaves waiting. */
export function reportOf({ snapshot, plan, stops }: ReportedPass): QueueBlockerReport {
  const left = leftWaiting(snapshot, plan);
  const chosen = new Set(left.slice(0, MAX_SHAPES).map(({ shape }) => shape));
  const blockers = new Map(
    blockersOf(snapshot, plan, stops, (shape) => chosen.has(shape)).map(({ shape, nominated, blockers: own }) => [
      shape,
      { nominated, blockers: own },
    ]),
  );
  const described: ReportedShape[] = [];
  let room = MAX_BLOCKERS;
  for (const { shape, waiting } of left.slice(0, MAX_SHAPES)) {
    const own = blockers.get(shape) ?? { blockers: [], nominated: 0 };
    room -= own.blockers.length;
    if (room < 0) break;
    const { oldest, priority, request, maxRuntimeSeconds } = snapshot.waiting[shape] as Snapshot['waiting'][number];
    const of = { priority, request, maxRuntimeSeconds };
    described.push({ ...of, key: keyOf(of), waiting, oldest: oldest.id === '' ? null : oldest, ...own });
  }
  return { shapes: left.length, waiting: left.reduce((sum, { waiting }) => sum + waiting, 0), described };
}

/** Shapes that a plan does not start whole, by rank. */
function leftWaiting({ waiting }: Snapshot, { place }: Plan): { readonly shape: number; readonly waiting: number }[] {
  const placed = new Map(place.map(({ shape, count }) => [shape, count]));
  return waiting
    .flatMap((one, shape) => {
      const left = one.count - (placed.get(shape) ?? 0);
      return left > 0 ? [{ shape, waiting: left, one, key: keyOf(one) }] : [];
    })
    .sort(
      (a, b) =>
        b.one.priority - a.one.priority ||
        a.one.oldest.queuedAtMs - b.one.oldest.queuedAtMs ||
        (a.key < b.key ? -1 : 1),
    )
    .map(({ shape, waiting: left }) => ({ shape, waiting: left }));
}

/** A report as bytes. */
export function encodeReport({ shapes, waiting, described }: QueueBlockerReport): EncodedReport {
  const rows = described.map(
    ({ priority, request, maxRuntimeSeconds, waiting: left, oldest, blockers, nominated }): Row => [
      priority,
      request.cpuMillis,
      request.memoryMib,
      request.gpuMillis,
      maxRuntimeSeconds,
      left,
      oldest?.id ?? '',
      oldest?.queuedAtMs ?? 0,
      blockers,
      nominated,
    ],
  );
  return { shapes, waiting, bytes: deflateRawSync(JSON.stringify(rows), { level: LEVEL }) };
}

/** The report that was packed. */
export async function decodeReport({ shapes, waiting, bytes }: EncodedReport): Promise<QueueBlockerReport> {
  const rows = JSON.parse((await inflate(bytes)).toString('utf8')) as readonly Row[];
  return { shapes, waiting, described: rows.map(toKept) };
}

function toKept(row: Row): ReportedShape {
  const [priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds, waiting, id, queuedAtMs, blockers, nominated] =
    row;
  const of = { priority, request: { cpuMillis, memoryMib, gpuMillis }, maxRuntimeSeconds };
  return { ...of, key: keyOf(of), waiting, oldest: id === '' ? null : { id, queuedAtMs }, nominated, blockers };
}
