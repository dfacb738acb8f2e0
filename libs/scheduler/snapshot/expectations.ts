import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { type AllocatedGroup, ClusterWork, type RunningDeployment, type UndeclaredRun } from '#deployments';
import { expectEndMs, type OwnedReservation } from '#packing';
import { RuntimeLearning } from '#runtimes';

import { GatheredRuns } from './gathered-runs.js';

/** The most runs without a declared end that are expected to end, those that run longest first; for a gathering, the others never end. */
const MOST_EXPECTED = 5_000;

/** Expected ends are whole seconds: runs of one second are one group. */
const PRECISION_MS = 1_000;

/** Runs without a declared end, by the time at which they are expected to end. */
export type ExpectedRuns = ReadonlyMap<UndeclaredRun, number>;

/** Knows when what runs without a declared end is expected to end: as learned, or as the gathering that is in force has counted on. */
@Injectable()
export class RunExpectations {
  constructor(
    private readonly work: ClusterWork,
    private readonly runtimes: RuntimeLearning,
    private readonly gathered: GatheredRuns,
  ) {}

  async read(
    tx: EntityManager,
    { clusterId, nowMs }: { readonly clusterId: string; readonly nowMs: number },
    reservation: OwnedReservation | null,
  ): Promise<ExpectedRuns> {
    const runs = await this.work.undeclaredRuns(tx, clusterId, MOST_EXPECTED);
    if (runs.length === 0) return new Map();
    if (reservation?.state === 'gathering') {
      const ends = await this.gathered.endsOf(tx, clusterId, runs);
      return new Map(
        runs.flatMap((run) => {
          const endMs = ends.get(run.id);
          return endMs === undefined ? [] : [[run, endMs]];
        }),
      );
    }
    const known = await this.runtimes.secondsOf(tx, clusterId, runs);
    return new Map(runs.map((run, index) => [run, roundUp(expectEndMs(run.sinceMs, nowMs, known[index]))]));
  }
}

function roundUp(ms: number): number {
  return Math.ceil(ms / PRECISION_MS) * PRECISION_MS;
}

/** Groups that declare no end, divided by the ends that are expected; what stands alone is in none of them, and has its own. */
export function withExpected(
  groups: readonly AllocatedGroup[],
  singles: readonly RunningDeployment[],
  expected: ExpectedRuns,
): (AllocatedGroup | RunningDeployment)[] {
  if (expected.size === 0) return [...groups, ...singles];
  const ends = new Map(Array.from(expected, ([{ id }, endMs]) => [id, endMs]));
  const alone = new Set(singles.map(({ id }) => id));
  const others = [...expected].filter(([{ id }]) => !alone.has(id));
  const byKey = Map.groupBy(others, ([run]) => keyOf(run));
  return [
    ...groups.flatMap((group) => (group.endsAtMs === null ? divide(group, byKey.get(keyOf(group)) ?? []) : [group])),
    ...singles.map((single) => {
      const endMs = single.endsAtMs === null ? ends.get(single.id) : undefined;
      return endMs === undefined ? single : { ...single, expected: { endMs, ids: [single.id] } };
    }),
  ];
}

/** A group as the parts of it that are expected to end at the same time, and the rest. */
function divide(group: AllocatedGroup, runs: readonly (readonly [UndeclaredRun, number])[]): AllocatedGroup[] {
  const counted = runs.slice(0, group.count);
  const byEnd = Map.groupBy(counted, ([, endMs]) => endMs);
  const parts = Array.from(byEnd, ([endMs, alike]): AllocatedGroup => {
    const ids = alike.map(([{ id }]) => id);
    return { ...group, count: ids.length, expected: { endMs, ids } };
  });
  const rest = group.count - counted.length;
  return rest > 0 ? [...parts, { ...group, count: rest }] : parts;
}

function keyOf({ priority, cpuMillis, memoryMib, gpuMillis }: Omit<AllocatedGroup, 'count' | 'endsAtMs'>): string {
  return [priority, cpuMillis, memoryMib, gpuMillis].join(' ');
}
