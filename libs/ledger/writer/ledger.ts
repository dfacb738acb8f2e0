import { Injectable } from '@nestjs/common';

import { ResourceVector } from '#kernel';
import {
  amountArrays,
  amountColumns,
  changesOf,
  type EntityManager,
  exactlyOne,
  rowsOf,
  sameShape,
  shapeColumns,
  sql,
} from '#database';
import { type AttemptResources, HOLDING_STATUSES, type PassContext } from '#deployments';

import { type LedgerKind } from './ledger-entry.entity.js';

/** What a repair of the ledger did: corrective entries, and the columns of `allocated` before and after. */
export interface Correction {
  readonly corrections: number;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/**
 * The only writer of ledger entries and of a cluster's `allocated`.
 *
 * Both change in one transaction, under the cluster's row lock that the pass holds; the database refuses a sum below zero or beyond
 * capacity, a second allocation or release of one attempt, and any change of an entry.
 */
@Injectable()
export class Ledger {
  /** Opens an allocation for each attempt. @returns what was given out in all */
  async allocate(tx: EntityManager, pass: PassContext, attempts: readonly AttemptResources[]): Promise<ResourceVector> {
    const total = ResourceVector.sum(attempts);
    await this.append(tx, pass, 'allocate', attempts);
    await changesOf(
      tx,
      sql`update clusters
          set allocated_cpu_millis = allocated_cpu_millis + ${total.cpuMillis}::bigint,
              allocated_memory_mib = allocated_memory_mib + ${total.memoryMib}::bigint,
              allocated_gpu_millis = allocated_gpu_millis + ${total.gpuMillis}::bigint
          where organization_id = ${pass.organizationId} and id = ${pass.clusterId}`,
    );
    return total;
  }

  /** Closes the open allocation of each attempt. @returns what came back in all */
  async release(tx: EntityManager, pass: PassContext, attempts: readonly AttemptResources[]): Promise<ResourceVector> {
    const total = ResourceVector.sum(attempts);
    await this.append(tx, pass, 'release', attempts);
    await changesOf(
      tx,
      sql`update clusters
          set allocated_cpu_millis = allocated_cpu_millis - ${total.cpuMillis}::bigint,
              allocated_memory_mib = allocated_memory_mib - ${total.memoryMib}::bigint,
              allocated_gpu_millis = allocated_gpu_millis - ${total.gpuMillis}::bigint
          where organization_id = ${pass.organizationId} and id = ${pass.clusterId}`,
    );
    return total;
  }

  /**
   * Appends to each attempt whose entries and status disagree the difference, and sets `allocated` to what deployments hold. For repairs:
   * a pass knows what it gave, and never recomputes it.
   */
  async correct(tx: EntityManager, pass: PassContext): Promise<Correction> {
    const { organizationId, clusterId, passId } = pass;
    const rows = await rowsOf(
      tx,
      sql<Correction>`
        with held as materialized (
          select id, attempt, ${amountColumns()} from deployments
          where cluster_id = ${clusterId}
            and (status = any(${[...HOLDING_STATUSES]}) or ((ended_at is not null or status = 'retrying') and released_at is null))
        ), open as (
          select deployment_id, attempt,
                 sum(case kind when 'release' then -cpu_millis else cpu_millis end) as cpu_millis,
                 sum(case kind when 'release' then -memory_mib else memory_mib end) as memory_mib,
                 sum(case kind when 'release' then -gpu_millis else gpu_millis end) as gpu_millis
          from ledger_entries where cluster_id = ${clusterId} group by 1, 2
        ), differences as materialized (
          select coalesce(h.id, o.deployment_id) as deployment_id, coalesce(h.attempt, o.attempt) as attempt,
                 coalesce(h.cpu_millis, 0) - coalesce(o.cpu_millis, 0) as cpu_millis,
                 coalesce(h.memory_mib, 0) - coalesce(o.memory_mib, 0) as memory_mib,
                 coalesce(h.gpu_millis, 0) - coalesce(o.gpu_millis, 0) as gpu_millis
          from held h full join open o on o.deployment_id = h.id and o.attempt = h.attempt
        ), corrected as (
          insert into ledger_entries
            (organization_id, cluster_id, deployment_id, attempt, kind, ${amountColumns()}, pass_id, at)
          select ${organizationId}::uuid, ${clusterId}::uuid, deployment_id, attempt, 'correct', ${amountColumns()},
                 ${passId}::uuid, statement_timestamp()
          from differences where cpu_millis <> 0 or memory_mib <> 0 or gpu_millis <> 0
          returning 1
        ), sums as (
          select coalesce(sum(cpu_millis), 0) as cpu_millis, coalesce(sum(memory_mib), 0) as memory_mib,
                 coalesce(sum(gpu_millis), 0) as gpu_millis
          from held
        ), before as materialized (
          select allocated_cpu_millis, allocated_memory_mib, allocated_gpu_millis from clusters where id = ${clusterId}
        ), updated as (
          update clusters c
          set allocated_cpu_millis = sums.cpu_millis, allocated_memory_mib = sums.memory_mib,
              allocated_gpu_millis = sums.gpu_millis
          from sums where c.organization_id = ${organizationId} and c.id = ${clusterId}
          returning c.allocated_cpu_millis, c.allocated_memory_mib, c.allocated_gpu_millis
        )
        select (select count(*)::int from corrected) as corrections, to_jsonb(before) as before, to_jsonb(updated) as after
        from before cross join updated`,
    );
    return exactlyOne(rows);
  }

  /** Counts the queue anew, less what signals will still add. @returns how many counts were wrong */
  async recountQueue(tx: EntityManager, { organizationId, clusterId }: PassContext): Promise<number> {
    return changesOf(
      tx,
      sql`
        merge into queue_shapes as shape
        using (
          select ${shapeColumns()}, sum(waits)::int as waits
          from (
            select ${shapeColumns()}, 1 as waits
            from deployments where cluster_id = ${clusterId} and status = 'queued'
            union all
            select ${shapeColumns()}, -change
            from cluster_signals where cluster_id = ${clusterId} and change <> 0
            union all
            select ${shapeColumns()}, 0
            from queue_shapes where cluster_id = ${clusterId}
          ) parts group by ${shapeColumns()}
        ) as real
        on shape.cluster_id = ${clusterId} and ${sameShape('shape', 'real')}
        when matched and real.waits = 0 then delete
        when matched and shape.waiting <> real.waits then update set waiting = real.waits
        when not matched and real.waits > 0 then
          insert (organization_id, cluster_id, ${shapeColumns()}, waiting)
          values (${organizationId}, ${clusterId}, ${shapeColumns('real')}, real.waits)`,
    );
  }

  /** An attempt that was corrected may have the entry already that is due now: what happens to it from then on is corrections, too. */
  private async append(
    tx: EntityManager,
    { organizationId, clusterId, passId }: PassContext,
    kind: LedgerKind,
    attempts: readonly AttemptResources[],
  ): Promise<void> {
    if (attempts.length === 0) return;
    await changesOf(
      tx,
      sql`insert into ledger_entries
            (organization_id, cluster_id, deployment_id, attempt, kind, ${amountColumns()}, pass_id, at)
          select ${organizationId}, ${clusterId}, deployment_id, attempt, case when is_corrected then 'correct' else ${kind} end,
                 sign * cpu_millis, sign * memory_mib, sign * gpu_millis, ${passId}, statement_timestamp()
          from (
            select attempts.*, is_corrected, case when is_corrected and ${kind} = 'release' then -1 else 1 end as sign
            from unnest(${attempts.map((a) => a.deploymentId)}::uuid[], ${attempts.map((a) => a.attempt)}::int[],
                        ${amountArrays(attempts)})
              as attempts (deployment_id, attempt, ${amountColumns()})
            cross join lateral (select exists (
              select 1 from ledger_entries l
              where l.kind = 'correct' and l.deployment_id = attempts.deployment_id and l.attempt = attempts.attempt
            ) as is_corrected) corrected
          ) entries`,
    );
  }
}
