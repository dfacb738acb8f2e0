import { Injectable } from '@nestjs/common';

import { type ResourceAmounts } from '#kernel';
import { ClusterLookup } from '#clusters';
import { Database, type Fragment, rfc3339, rowsOf, selectAmounts, sql } from '#database';
import { type CursorPosition } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type LedgerKind } from '../writer/ledger-entry.entity.js';

/** One line of the ledger. Time in RFC 3339; amounts in stored units, signed in corrections. */
export interface LedgerEntryView extends ResourceAmounts {
  readonly id: number;
  readonly kind: LedgerKind;
  readonly deploymentId: string;
  readonly attempt: number;
  readonly passId: string;
  readonly at: string;
}

/** Which entries: all that are left out. */
export interface LedgerFilter {
  readonly kind?: LedgerKind;
  readonly deploymentId?: string;
}

/** Where a page of entries begins, and how long it is. */
export interface LedgerWindow {
  readonly take: number;
  readonly after: CursorPosition | undefined;
}

/** What stands for the histories that are not kept any more. Time in RFC 3339. */
export interface LedgerCheckpointView {
  readonly deployments: number;
  readonly entries: number;
  /** null: nothing has been closed yet */
  readonly closedUntil: string | null;
}

/** Reads the ledger. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
  ) {}

  /** Entries of a cluster, newest first. @throws CLUSTERS.NOT_FOUND */
  async list(
    actor: Actor,
    cluster: ClusterRef,
    filter: LedgerFilter,
    { take, after }: LedgerWindow,
  ): Promise<readonly LedgerEntryView[]> {
    await this.clusters.read(actor, cluster);
    const [at = null, id = null] = after ?? [];
    const rows = await rowsOf(
      this.database.reader(),
      sql<LedgerEntryView>`
        ${entriesOf(filter.deploymentId)}
        select e.id::float8 as id, e.kind, e.deployment_id as "deploymentId", e.attempt, e.pass_id as "passId", e.at,
               ${selectAmounts('e')}
        from entries e
        where e.cluster_id = ${cluster.clusterId} and e.organization_id = ${cluster.organizationId}
          ${filter.kind === undefined ? sql`` : sql`and e.kind = ${filter.kind}`}
          ${at === null ? sql`` : sql`and (e.at, e.id) < (${at}::timestamptz, ${id}::bigint)`}
        order by e.at desc, e.id desc limit ${take}`,
    );
    return rows.map((row) => ({ ...row, at: rfc3339(row.at) }));
  }

  /** What has been closed in a cluster's ledger. @throws CLUSTERS.NOT_FOUND */
  async checkpoint(actor: Actor, cluster: ClusterRef): Promise<LedgerCheckpointView> {
    await this.clusters.read(actor, cluster);
    const [row] = await rowsOf(
      this.database.reader(),
      sql<LedgerCheckpointView & { readonly closedUntil: string }>`
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
