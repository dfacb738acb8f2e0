import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, rowsOf, sql } from '#database';
import { errorOf, type LikelyRange, MAX_ERRORS } from '#packing';
import { type ClusterRef } from '#queue';

/** What is forecast of a start, in milliseconds from now. */
export interface StartPrediction {
  readonly deploymentId: string;
  /** As declared runtimes have it; null: they say nothing. */
  readonly latestMs: number | null;
  readonly likely: LikelyRange;
}

/** How right the forecasts of one month were. */
export interface MonthAccuracy {
  /** Such as `2026-11`, in UTC. */
  readonly month: string;
  readonly predictions: number;
  /** The median distance between forecast and start; null where nothing was forecast from declared runtimes. */
  readonly latestErrorSeconds: number | null;
  readonly likelyErrorSeconds: number;
  /** Shares of all that were forecast: within a minute or a tenth of the wait, and between p10 and p90. */
  readonly latestNear: number;
  readonly likelyNear: number;
  readonly inRange: number;
}

/** The forecasts of starts that were recorded, and what became of them. The caller has checked that the reader may see the cluster. */
@Injectable()
export class StartPredictions {
  /** How wrong the latest forecasts in a cluster were whose starts have come: see `likelyRange`. */
  async errors(em: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<number[]> {
    const rows = await rowsOf(
      em,
      sql<{ likelyMs: number; realMs: number }>`
        select p50_ms::float8 as "likelyMs", real_ms::float8 as "realMs" from start_predictions
        where organization_id = ${organizationId} and cluster_id = ${clusterId} and real_ms is not null
        order by predicted_at desc limit ${MAX_ERRORS}`,
    );
    return rows.map(({ likelyMs, realMs }) => errorOf(likelyMs, realMs));
  }

  /** Records forecasts of starts, of each deployment the first one. */
  async record(
    em: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    atMs: number,
    predictions: readonly StartPrediction[],
  ): Promise<void> {
    await changesOf(
      em,
      sql`insert into start_predictions
            (organization_id, cluster_id, deployment_id, predicted_at, latest_ms, p10_ms, p50_ms, p90_ms)
          select c.organization_id, c.id, made.deployment_id, to_timestamp(${atMs}::float8 / 1000), latest_ms, p10_ms, p50_ms, p90_ms
          from unnest(${predictions.map(({ deploymentId }) => deploymentId)}::uuid[],
                      ${predictions.map(({ latestMs }) => latestMs)}::bigint[],
                      ${predictions.map(({ likely }) => likely.p10)}::bigint[],
                      ${predictions.map(({ likely }) => likely.p50)}::bigint[],
                      ${predictions.map(({ likely }) => likely.p90)}::bigint[])
            as made (deployment_id, latest_ms, p10_ms, p50_ms, p90_ms)
          join clusters c on c.organization_id = ${organizationId} and c.id = ${clusterId} and c.deleted_at is null
          on conflict do nothing`,
    );
  }

  /** Notes the starts that have come since. A forecast is dropped of what has left the queue otherwise, or waits for another attempt. */
  async settle(em: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<void> {
    await changesOf(
      em,
      sql`with open as materialized (
            select deployment_id from start_predictions
            where organization_id = ${organizationId} and cluster_id = ${clusterId} and real_ms is null
          ), found as materialized (
            select open.deployment_id, d.status, d.scheduled_at, d.attempt
            from open left join deployments d on d.organization_id = ${organizationId} and d.id = open.deployment_id
          ), dropped as (
            delete from start_predictions p using found
            where p.cluster_id = ${clusterId} and p.deployment_id = found.deployment_id
              and found.scheduled_at is null and (found.status is distinct from 'queued' or found.attempt > 1)
          )
          update start_predictions p
          set real_ms = greatest(0, extract(epoch from found.scheduled_at - p.predicted_at) * 1000)::bigint
          from found
          where p.cluster_id = ${clusterId} and p.deployment_id = found.deployment_id
            and found.scheduled_at is not null and found.attempt = 1`,
    );
  }

  /** How right forecasts were, by month, the latest first. */
  async accuracy(
    em: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    months: number,
  ): Promise<MonthAccuracy[]> {
    const near = (forecast: string) =>
      sql.raw(`coalesce(avg((abs(${forecast} - real_ms) <= greatest(60000, real_ms / 10))::int), 0)::float8`);
    return rowsOf(
      em,
      sql<MonthAccuracy>`
        select to_char(predicted_at at time zone 'UTC', 'YYYY-MM') as month, count(*)::int as predictions,
               (percentile_cont(0.5) within group (order by abs(latest_ms - real_ms)) / 1000)::float8 as "latestErrorSeconds",
               (percentile_cont(0.5) within group (order by abs(p50_ms - real_ms)) / 1000)::float8 as "likelyErrorSeconds",
               ${near('latest_ms')} as "latestNear", ${near('p50_ms')} as "likelyNear",
               avg((real_ms between p10_ms and p90_ms)::int)::float8 as "inRange"
        from start_predictions
        where organization_id = ${organizationId} and cluster_id = ${clusterId} and real_ms is not null
        group by 1 order by 1 desc limit ${months}`,
    );
  }
}
