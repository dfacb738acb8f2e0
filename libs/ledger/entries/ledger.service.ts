import { Injectable } from '@nestjs/common';

import { type ResourceAmounts } from '#kernel';
import { ClusterLookup, toResources } from '#clusters';
import { Database, type Fragment, rfc3339, rowsOf, selectAmounts, sql } from '#database';
import { type Page, Pages, present } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type LedgerCheckpointDto, LedgerEntryDto, type LedgerQuery } from './ledger.dto.js';

/** One line of the ledger. Time in RFC 3339; amounts in stored units, signed in corrections. */
interface LedgerRow extends Omit<LedgerEntryDto, 'resources'>, ResourceAmounts {}

/** Reads the ledger. Its pages are ordered by time, then by id, which is unique. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly pages: Pages,
  ) {}

  /** Entries of a cluster, newest first. @throws CLUSTERS.NOT_FOUND, REQUEST.INVALID_CURSOR */
  async list(actor: Actor, cluster: ClusterRef, query: LedgerQuery): Promise<Page<LedgerEntryDto>> {
    const page = this.pages.open('ledger', cluster, query);
    await this.clusters.read(actor, cluster);
    const [at = null, id = null] = page.after ?? [];
    const rows = await rowsOf(
      this.database.reader(),
      sql<LedgerRow>`
        ${entriesOf(query.deploymentId)}
        select e.id::float8 as id, e.kind, e.deployment_id as "deploymentId", e.attempt, e.pass_id as "passId", e.at,
               ${selectAmounts('e')}
        from entries e
        where e.cluster_id = ${cluster.clusterId} and e.organization_id = ${cluster.organizationId}
          ${query.kind === undefined ? sql`` : sql`and e.kind = ${query.kind}`}
          ${at === null ? sql`` : sql`and (e.at, e.id) < (${at}::timestamptz, ${id}::bigint)`}
        order by e.at desc, e.id desc limit ${page.take}`,
    );
    const entries = rows.map((row) => ({ ...row, at: rfc3339(row.at) }));
    return page.of(entries, ({ at: last, id: lastId }) => [last, lastId], toLedgerEntryDto);
  }

  /** What has been closed in a cluster's ledger. @throws CLUSTERS.NOT_FOUND */
  async checkpoint(actor: Actor, cluster: ClusterRef): Promise<LedgerCheckpointDto> {
    await this.clusters.read(actor, cluster);
    const [row] = await rowsOf(
      this.database.reader(),
      sql<Omit<LedgerCheckpointDto, 'closedUntil'> & { readonly closedUntil: string }>`
        select deployments::float8 as deployments, entries::float8 as entries, closed_until as "closedUntil"
        from ledger_checkpoints where organization_id = ${cluster.organizationId} and cluster_id = ${cluster.clusterId}`,
    );
    if (row === undefined) return { deployments: 0, entries: 0, closedUntil: null };
    return { ...row, closedUntil: rfc3339(row.closedUntil) };
  }
}

/** The few entries of one deployment are found first: beside the order of the list, PostgreSQL might search the whole ledger for them. */
function entriesOf(deploymentId: string | undefined): Fragment {
  return deploymentId === undefined
    ? sql`with entries as not materialized (select * from ledger_entries)`
    : sql`with entries as materialized (select * from ledger_entries where deployment_id = ${deploymentId})`;
}

function toLedgerEntryDto(row: LedgerRow): LedgerEntryDto {
  return present(LedgerEntryDto, { ...row, resources: toResources(row) });
}
