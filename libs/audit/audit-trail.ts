import { IsolationLevel } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';

import { Database, preferIndexes, queries, type Selectable, sql, type TablesOf } from '#database';
import { type CursorPosition, MAX_COMPARED } from '#http';

import { type AuditEntry, type AuditEntrySchema, type AuditState } from './audit-entry.entity.js';
import { type AuditActor, type AuditTarget } from './audit-log.js';
import { AuditErrors } from './audit.errors.js';

/** A filter of entries; absent fields match all. Times are RFC 3339. */
export interface AuditFilter {
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly targetKind?: string | undefined;
  readonly targetId?: string | undefined;
  /** At this time or later. */
  readonly from?: string | undefined;
  /** Before this time. */
  readonly until?: string | undefined;
}

/** One entry as readers see it: all of it, since secrets were refused when it was written. */
export interface AuditView extends Pick<AuditEntry, 'id' | 'occurredAt' | 'action'> {
  readonly organizationId: string | null;
  readonly actor: Required<AuditActor>;
  readonly target: Required<AuditTarget>;
  readonly before: AuditState | null;
  readonly after: AuditState | null;
  readonly address: string | null;
  readonly requestId: string | null;
}

/** A part of the list of entries. */
export interface AuditPart {
  readonly entries: readonly AuditView[];
  /** The position up to which entries were compared, where the part ends before the page is full and the list may go on. */
  readonly end: CursorPosition | undefined;
}

/** Reads the audit log. The caller has checked that the reader is an admin of the organization, or an operator. */
@Injectable()
export class AuditTrail {
  constructor(private readonly database: Database) {}

  /**
   * Entries of one organization, or with null those of accounts and the installation; latest first.
   *
   * One request compares a bounded number of entries with the filters that have no index: all but those of time.
   *
   * @param after the {@link positionOf} of the last entry that was read
   * @throws DomainError AUDIT.RANGE_EMPTY
   */
  async list(
    organizationId: string | null,
    filter: AuditFilter,
    take: number,
    after: CursorPosition | undefined,
  ): Promise<AuditPart> {
    const { actorId, action, targetKind, targetId, from, until } = filter;
    if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until)) {
      throw AuditErrors.RANGE_EMPTY.because(undefined, { from, until });
    }
    // One snapshot: the edge must be that of the rows which the page has compared.
    return this.database.transaction(
      async (tx) => {
        await preferIndexes(tx);
        const entries = queries<TablesOf<typeof AuditEntrySchema>>(tx);
        let walk = entries
          .selectFrom('audit_entries')
          .selectAll()
          .where('organization_id', organizationId === null ? 'is' : '=', organizationId)
          .orderBy('occurred_at', 'desc')
          .orderBy('id', 'desc');
        if (from !== undefined) walk = walk.where('occurred_at', '>=', from);
        if (until !== undefined) walk = walk.where('occurred_at', '<', until);
        if (after !== undefined) {
          walk = walk.where(sql<boolean>`(occurred_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`);
        }
        let page = entries.selectFrom(walk.limit(MAX_COMPARED).as('walk')).selectAll();
        if (actorId !== undefined) page = page.where('actor_id', '=', actorId);
        if (action !== undefined) page = page.where('action', '=', action);
        if (targetKind !== undefined) page = page.where('target_kind', '=', targetKind);
        if (targetId !== undefined) page = page.where('target_id', '=', targetId);
        const rows = await page.orderBy('occurred_at', 'desc').orderBy('id', 'desc').limit(take).execute();
        const edge =
          rows.length < take
            ? await walk
                .offset(MAX_COMPARED - 1)
                .limit(1)
                .executeTakeFirst()
            : undefined;
        return { entries: rows.map(viewOf), end: edge && positionOf(viewOf(edge)) };
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ },
    );
  }
}

function viewOf(row: Selectable<TablesOf<typeof AuditEntrySchema>['audit_entries']>): AuditView {
  const { id, action, before, after, address } = row;
  return {
    ...{ id, action, before, after, address },
    organizationId: row.organization_id,
    occurredAt: row.occurred_at,
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name, tokenId: row.token_id },
    target: { kind: row.target_kind, id: row.target_id, name: row.target_name },
    requestId: row.request_id,
  };
}

/** The position of an entry in the list. */
export function positionOf({ occurredAt, id }: AuditView): CursorPosition {
  return [occurredAt, id];
}
