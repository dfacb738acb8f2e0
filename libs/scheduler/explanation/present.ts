import { IsolationLevel } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, RESOURCES, ResourceVector } from '#kernel';
import { ClusterDoor, ClusterErrors, type ClusterPolicy, policyOf, type PolicySettings } from '#clusters';
import { Database, type EntityManager, preferIndexes, rowsOf, sql } from '#database';
import { ClusterWork, type HoldingGroup } from '#deployments';
import {
  type ClusterStop,
  type RunningGroup,
  type Snapshot,
  type StandingReservation,
  type WaitingShape,
} from '#packing';
import { type QueuedShape } from '#queue';
import { type Actor } from '#rbac';

import { holderWaits } from '../pass/cluster-schedules.js';

/** A cluster as the next pass will see it. */
export interface Present {
  readonly organizationId: string;
  readonly clusterId: string;
  /** Shapes name the oldest of their deployments, as many as were asked for. */
  readonly snapshot: Snapshot;
  /** The shapes of `snapshot.waiting`, at the same positions. */
  readonly shapes: readonly QueuedShape[];
  /** The groups of `snapshot.running`, at the same positions. */
  readonly holding: readonly HoldingGroup[];
  readonly stops: readonly ClusterStop[];
  readonly state: ClusterState;
}

/** What the row of a cluster says. */
export interface ClusterState {
  readonly state: string;
  readonly capacity: ResourceAmounts;
  readonly pendingCapacity: ResourceAmounts | null;
  readonly policy: ClusterPolicy;
  readonly nowMs: number;
}

interface ClusterRow {
  readonly state: string;
  readonly policy: PolicySettings;
  readonly nowMs: number;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
  readonly pendingCpu: number | null;
  readonly pendingMemory: number | null;
  readonly pendingGpu: number | null;
  readonly reservation: StandingReservation | null;
}

/** The most names that a snapshot carries, over all shapes. */
const MAX_NAMES = 20_000;

/**
 * Reads what the next pass would read, without waiting for anybody and without changing anything: what signals announce is counted as
 * if it were taken, what is over as if it were settled.
 *
 * What is due by the second to come back from a pause, or to leave the queue, is seen where the last pass left it.
 */
@Injectable()
export class PresentReader {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterDoor,
    private readonly work: ClusterWork,
  ) {}

  /**
   * Does `work` with the present of a cluster, in one read-only transaction that sees one moment.
   *
   * @param names how many deployments of each shape are to be named, at least 1
   * @throws CLUSTERS.NOT_FOUND
   */
  async with<T>(
    actor: Actor,
    { organizationId, clusterId, names }: { organizationId: string; clusterId: string; names: number },
    work: (tx: EntityManager, present: Present) => Promise<T>,
  ): Promise<T> {
    const cluster = await this.clusters.read(actor, organizationId, clusterId);
    if (cluster.isDeleted) throw ClusterErrors.NOT_FOUND.because();
    return this.database.transaction(
      async (tx) => {
        await rowsOf(tx, sql`set transaction read only`);
        await preferIndexes(tx);
        return work(tx, await this.read(tx, organizationId, clusterId, names));
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ },
    );
  }

  /** The database's time. */
  async now(): Promise<number> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<{ nowMs: number }>`select floor(extract(epoch from statement_timestamp()) * 1000)::float8 as "nowMs"`,
    );
    return row?.nowMs ?? 0;
  }

  private async read(tx: EntityManager, organizationId: string, clusterId: string, names: number): Promise<Present> {
    const cluster = await readCluster(tx, organizationId, clusterId);
    const counted = await readShapes(tx, clusterId);
    const limit = Math.max(1, Math.min(names, Math.floor(MAX_NAMES / Math.max(1, counted.length))));
    const heads = await this.work.headsOf(tx, clusterId, counted, limit);
    const shapes = counted.filter((_, position) => (heads[position] ?? []).length > 0);
    const holding = await this.work.holding(tx, clusterId);
    const { state, policy, nowMs, reservation } = cluster;
    const settled = afterSettling(cluster, holding);
    return {
      organizationId,
      clusterId,
      snapshot: {
        capacity: settled.capacity,
        nowMs,
        policy,
        isCordoned: settled.stops.length > 0,
        running: holding.map(toRunning),
        waiting: counted.flatMap((shape, position) => toShape(shape, heads[position] ?? [])),
        reservation,
      },
      shapes,
      holding,
      stops: settled.stops,
      state: { state, capacity: cluster.capacity, pendingCapacity: cluster.pendingCapacity, policy, nowMs },
    };
  }
}

async function readCluster(
  tx: EntityManager,
  organizationId: string,
  clusterId: string,
): Promise<ClusterState & { readonly reservation: StandingReservation | null }> {
  const [row] = await rowsOf(
    tx,
    sql<ClusterRow>`
      select c.state, c.policy, floor(extract(epoch from statement_timestamp()) * 1000)::float8 as "nowMs",
             c.capacity_cpu_millis::float8 as "cpuMillis", c.capacity_memory_mib::float8 as "memoryMib",
             c.capacity_gpu_millis::float8 as "gpuMillis", c.pending_cpu_millis::float8 as "pendingCpu",
             c.pending_memory_mib::float8 as "pendingMemory", c.pending_gpu_millis::float8 as "pendingGpu",
             (select s.reservation from cluster_schedules s
              where s.cluster_id = c.id and ${holderWaits()}) as reservation
      from clusters c where c.organization_id = ${organizationId} and c.id = ${clusterId}`,
  );
  if (row === undefined) throw ClusterErrors.NOT_FOUND.because();
  const { state, policy, nowMs, cpuMillis, memoryMib, gpuMillis, pendingCpu, pendingMemory, pendingGpu } = row;
  const isPending = pendingCpu !== null && pendingMemory !== null && pendingGpu !== null;
  return {
    state,
    policy: policyOf(policy),
    nowMs,
    capacity: { cpuMillis, memoryMib, gpuMillis },
    pendingCapacity: isPending ? { cpuMillis: pendingCpu, memoryMib: pendingMemory, gpuMillis: pendingGpu } : null,
    reservation: row.reservation,
  };
}

/** The counts of shapes with what no pass has added to them yet. */
async function readShapes(tx: EntityManager, clusterId: string): Promise<QueuedShape[]> {
  return rowsOf(
    tx,
    sql<QueuedShape>`
      select priority, cpu_millis as "cpuMillis", memory_mib as "memoryMib", gpu_millis as "gpuMillis",
             max_runtime_seconds as "maxRuntimeSeconds", sum(waiting)::int as waiting
      from (
        select priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, waiting
        from queue_shapes where cluster_id = ${clusterId}
        union all
        select priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, change
        from cluster_signals where cluster_id = ${clusterId} and change is not null
      ) counts
      group by 1, 2, 3, 4, 5 having sum(waiting) > 0
      order by 1 desc, 2, 3, 4, 5`,
  );
}

/** What a pass plans with once it has settled: a smaller capacity takes effect as soon as what runs fits, and until then nothing starts. */
export function afterSettling(
  { state, capacity, pendingCapacity }: Pick<ClusterState, 'state' | 'capacity' | 'pendingCapacity'>,
  holding: readonly HoldingGroup[],
): { readonly capacity: ResourceAmounts; readonly stops: readonly ClusterStop[] } {
  const stops: ClusterStop[] = state === 'cordoned' ? ['CORDONED'] : state === 'draining' ? ['DRAINING'] : [];
  if (pendingCapacity === null) return { capacity, stops };
  const allocated = ResourceVector.sum(holding.map((group) => ResourceVector.of(group).times(group.count)));
  if (allocated.fitsIn(pendingCapacity)) return { capacity: pendingCapacity, stops };
  const least = ResourceVector.from((resource) =>
    Math.max(allocated[resource], Math.min(capacity[resource], pendingCapacity[resource])),
  );
  return { capacity: least.toAmounts(), stops: [...stops, 'CAPACITY_PENDING'] };
}

function toRunning({ priority, endsAtMs, count, ...resources }: HoldingGroup): RunningGroup {
  return { priority, resources: amountsOf(resources), count, endsAtMs };
}

function toShape(
  { priority, maxRuntimeSeconds, waiting, ...resources }: QueuedShape,
  [oldest, ...followers]: readonly { readonly id: string; readonly queuedAtMs: number }[],
): WaitingShape[] {
  if (oldest === undefined) return [];
  return [
    {
      priority,
      request: amountsOf(resources),
      maxRuntimeSeconds: maxRuntimeSeconds === 0 ? null : maxRuntimeSeconds,
      count: waiting,
      oldest,
      followers,
    },
  ];
}

/** The three amounts of something that has more. */
export function amountsOf(amounts: ResourceAmounts): ResourceAmounts {
  const [cpuMillis = 0, memoryMib = 0, gpuMillis = 0] = RESOURCES.map((resource) => amounts[resource]);
  return { cpuMillis, memoryMib, gpuMillis };
}
