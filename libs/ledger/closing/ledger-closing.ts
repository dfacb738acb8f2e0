import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, type Fragment, rowsOf, sql } from '#database';
import { type ClusterRef } from '#queue';

const RESOURCES = ['cpu_millis', 'memory_mib', 'gpu_millis'] as const;

const each = (write: (resource: string) => string, separator = ', '): Fragment =>
  sql.raw(RESOURCES.map(write).join(separator));

/** An entry's amount with its sign. */
const signed = (resource: string): string => `case l.kind when 'release' then -l.${resource} else l.${resource} end`;

const KINDS = { allocated: 'allocate', released: 'release', corrected: 'correct' } as const;
const SUMS = Object.keys(KINDS).flatMap((sum) => RESOURCES.map((resource) => `${sum}_${resource}`));

/** The columns of a checkpoint's sums, from the entries of an attempt. */
const SUMS_OF_ENTRIES = sql.raw(
  Object.entries(KINDS)
    .flatMap(([sum, kind]) =>
      RESOURCES.map((r) => `coalesce(sum(l.${r}) filter (where l.kind = '${kind}'), 0) as ${sum}_${r}`),
    )
    .join(', '),
);

/** What an attempt had on average: what it was given, or where corrections came between, its amounts times their times. */
const average = (resource: string): string => `
  case when h.entries = 2 and h.allocated_${resource} = h.released_${resource} then h.allocated_${resource}
       else coalesce(h.times_${resource} / nullif(extract(epoch from h.closed_at - h.opened_at), 0), 0) end`;

/**
 * Closes the ledger's history of deployments that are about to be removed: what each attempt used goes to `usage_sums`, the sums of all
 * entries to the one checkpoint of the cluster, in the transaction in which the entries go.
 */
@Injectable()
export class LedgerClosing {
  /** @returns the deployments whose history is closed now: one that does not balance stays as it is, for audits to find */
  async close(tx: EntityManager, { organizationId, clusterId }: ClusterRef, ids: readonly string[]): Promise<string[]> {
    const rows = await rowsOf(
      tx,
      sql<{ id: string }>`
        with chosen as materialized (
          select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as chosen (id)
        ), histories as materialized (
          select l.deployment_id as id, l.attempt, count(*) as entries, min(l.at) as opened_at, max(l.at) as closed_at,
                 ${SUMS_OF_ENTRIES},
                 ${each((r) => `-sum((${signed(r)}) * extract(epoch from l.at)) as times_${r}`)},
                 ${each((r) => `sum(${signed(r)}) = 0`, ' and ')}
                   and bool_and(l.organization_id = ${organizationId} and l.cluster_id = ${clusterId}) as is_balanced
          from chosen join ledger_entries l on l.deployment_id = chosen.id
          group by l.deployment_id, l.attempt
        ), closed as materialized (
          select d.organization_id, d.id, d.cluster_id, d.name, d.submitted_by, d.labels, d.released_at
          from chosen join deployments d on d.organization_id = chosen.organization_id and d.id = chosen.id
          where not exists (select 1 from histories h where h.id = chosen.id and not h.is_balanced)
        ), kept as (
          insert into usage_sums (organization_id, cluster_id, deployment_id, attempt, name, submitted_by, labels, opened_at, closed_at,
                                  cpu_millis, memory_mib, gpu_millis)
          select c.organization_id, c.cluster_id, c.id, h.attempt, c.name, c.submitted_by, c.labels, h.opened_at, h.closed_at,
                 ${each(average)}
          from closed c join histories h on h.id = c.id
        ), noted as (
          insert into ledger_checkpoints as k
            (organization_id, cluster_id, deployments, entries, ${sql.raw(SUMS.join(', '))}, closed_until)
          select c.organization_id, c.cluster_id, count(distinct c.id), coalesce(sum(h.entries), 0),
                 ${sql.raw(SUMS.map((column) => `coalesce(sum(h.${column}), 0)`).join(', '))}, max(c.released_at)
          from closed c left join histories h on h.id = c.id
          group by c.organization_id, c.cluster_id
          on conflict (cluster_id) do update
          set deployments = k.deployments + excluded.deployments, entries = k.entries + excluded.entries,
              ${sql.raw(SUMS.map((column) => `${column} = k.${column} + excluded.${column}`).join(', '))},
              closed_until = greatest(k.closed_until, excluded.closed_until), changed_at = now()
        )
        select id from closed`,
    );
    return rows.map(({ id }) => id);
  }

  /** Sets a checkpoint right that does not balance, by the difference, as an entry would. @returns how many were wrong */
  async correct(tx: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<number> {
    const balance = (r: string): string => `allocated_${r} - released_${r} + corrected_${r}`;
    return changesOf(
      tx,
      sql`update ledger_checkpoints
          set ${each((r) => `corrected_${r} = released_${r} - allocated_${r}`)}, entries = entries + 1, changed_at = now()
          where organization_id = ${organizationId} and cluster_id = ${clusterId}
            and (${each((r) => `${balance(r)} <> 0`, ' or ')})`,
    );
  }
}
