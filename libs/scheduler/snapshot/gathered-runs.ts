import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, rowsOf, sql } from '#database';
import { type PassContext, type UndeclaredRun } from '#deployments';

/** A run that is expected to end at a time. */
export interface ExpectedEnd {
  readonly deploymentId: string;
  readonly endMs: number;
}

/**
 * The runs that a cluster's gathering counts on, with the ends that were expected as it began: they stand until it is over, however long a run takes.
 * Written by passes, under the cluster's row lock.
 */
@Injectable()
export class GatheredRuns {
  /** The expected ends of those of some runs that are counted on, by the id of the deployment. */
  async endsOf(
    em: EntityManager,
    clusterId: string,
    runs: readonly UndeclaredRun[],
  ): Promise<ReadonlyMap<string, number>> {
    const rows = await rowsOf(
      em,
      sql<{ id: string; attempt: number; endMs: number }>`
        select deployment_id as id, attempt, extract(epoch from expected_end_at)::float8 * 1000 as "endMs"
        from gathered_runs where cluster_id = ${clusterId}`,
    );
    const attempts = new Map(runs.map(({ id, attempt }) => [id, attempt]));
    return new Map(rows.filter(({ id, attempt }) => attempts.get(id) === attempt).map(({ id, endMs }) => [id, endMs]));
  }

  /** Counts on further runs, as far as they still run. */
  async add(
    tx: EntityManager,
    { organizationId, clusterId }: PassContext,
    ends: readonly ExpectedEnd[],
  ): Promise<void> {
    if (ends.length === 0) return;
    await changesOf(
      tx,
      sql`insert into gathered_runs (cluster_id, deployment_id, attempt, organization_id, expected_end_at)
          select ${clusterId}::uuid, d.id, d.attempt, d.organization_id, to_timestamp(expected.end_ms / 1000)
          from unnest(${ends.map(({ deploymentId }) => deploymentId)}::uuid[], ${ends.map(({ endMs }) => endMs)}::float8[])
            as expected (id, end_ms)
          join deployments d on d.organization_id = ${organizationId} and d.id = expected.id
          on conflict (cluster_id, deployment_id) do update
          set attempt = excluded.attempt, expected_end_at = excluded.expected_end_at`,
    );
  }

  /** Forgets all runs, after the gathering. */
  async clear(tx: EntityManager, { clusterId }: PassContext): Promise<void> {
    await changesOf(tx, sql`delete from gathered_runs where cluster_id = ${clusterId}`);
  }
}
