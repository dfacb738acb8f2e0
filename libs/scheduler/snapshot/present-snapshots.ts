import { IsolationLevel } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, ResourceVector } from '#kernel';
import { ClusterErrors } from '#clusters';
import { Database, type EntityManager, preferIndexes, rowsOf, sql } from '#database';
import { type AllocatedGroup, type RunningDeployment } from '#deployments';
import { type ClusterStop, type Snapshot } from '#packing';
import { type QueuedShape, type ClusterRef } from '#queue';

import { CLUSTER_COLUMNS, type ClusterRow, type ClusterState, stateOf, stopsOf } from './cluster-state.js';
import { SnapshotReader } from './snapshot-reader.js';

/** A cluster as the next pass will see it. */
export interface CurrentSnapshot extends ClusterRef {
  /** Shapes name the oldest of their deployments, as many as were asked for. */
  readonly snapshot: Snapshot;
  /** The shapes of `snapshot.waiting`, at the same positions. */
  readonly shapes: readonly QueuedShape[];
  /** The groups of `snapshot.running`, at the same positions; those with an id are one deployment alone. */
  readonly holding: readonly (AllocatedGroup | RunningDeployment)[];
  readonly stops: readonly ClusterStop[];
  readonly state: ClusterState;
}

/** A cluster whose snapshot is wanted, and how many deployments of each shape it names: at least one, and at most some thousands in all. */
export interface CurrentRequest extends ClusterRef {
  readonly names: number | ((waiting: readonly QueuedShape[], state: ClusterState) => number);
}

/**
 * Reads what the next pass would read, without waiting for anything and without changing anything: what signals announce is counted as
 * if it were taken, what is over as if it were settled. The caller has checked that the reader may see the cluster.
 *
 * What is due by the second to come back from a pause, or to leave the queue, is seen where the last pass left it.
 */
@Injectable()
export class PresentSnapshots {
  constructor(
    private readonly database: Database,
    private readonly reader: SnapshotReader,
  ) {}

  /** Does `work` with the present of a cluster, in one read-only transaction that sees one moment. @throws CLUSTERS.NOT_FOUND */
  async read<T>(
    { names, ...ref }: CurrentRequest,
    work: (tx: EntityManager, present: CurrentSnapshot) => Promise<T>,
  ): Promise<T> {
    return this.database.transaction(
      async (tx) => {
        await rowsOf(tx, sql`set transaction read only`);
        await preferIndexes(tx);
        return work(tx, await this.snapshotOf(tx, ref, names));
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ },
    );
  }

  private async snapshotOf(
    tx: EntityManager,
    ref: ClusterRef,
    names: CurrentRequest['names'],
  ): Promise<CurrentSnapshot> {
    const state = await readCluster(tx, ref);
    const { problem, shapes, holding } = await this.reader.read(tx, state, {
      kind: 'everything',
      names: (waiting) => (typeof names === 'number' ? names : names(waiting, state)),
    });
    const { capacity, stops } = afterSettling(state, holding);
    const { nowMs, policy } = state;
    return {
      ...ref,
      snapshot: { capacity, nowMs, policy, isCordoned: stops.length > 0, ...problem },
      shapes,
      holding,
      stops,
      state,
    };
  }
}

async function readCluster(tx: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<ClusterState> {
  const [row] = await rowsOf(
    tx,
    sql<ClusterRow>`
      select ${CLUSTER_COLUMNS} from clusters c where c.organization_id = ${organizationId} and c.id = ${clusterId}`,
  );
  if (row === undefined) throw ClusterErrors.NOT_FOUND.because();
  return stateOf(row);
}

/** What a pass plans with once it has settled: a smaller capacity takes effect as soon as what runs fits, and until then nothing starts. */
export function afterSettling(
  { state, capacity, pendingCapacity }: Pick<ClusterState, 'state' | 'capacity' | 'pendingCapacity'>,
  holding: readonly AllocatedGroup[],
): { readonly capacity: ResourceAmounts; readonly stops: readonly ClusterStop[] } {
  const stops = stopsOf(state);
  if (pendingCapacity === null) return { capacity, stops };
  const allocated = ResourceVector.sum(holding.map((group) => ResourceVector.of(group).times(group.count)));
  if (allocated.fitsIn(pendingCapacity)) return { capacity: pendingCapacity, stops };
  const least = ResourceVector.from((resource) =>
    Math.max(allocated[resource], Math.min(capacity[resource], pendingCapacity[resource])),
  );
  return { capacity: least.toAmounts(), stops: [...stops, 'CAPACITY_PENDING'] };
}
