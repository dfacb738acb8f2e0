import { Injectable } from '@nestjs/common';

import { Database, rfc3339, rowsOf, sql } from '#database';
import { type CursorPosition } from '#http';

import { type ActorKind } from './audit-entry.entity.js';
import { type AuditState } from './audit-log.js';
import { AuditErrors } from './audit.errors.js';

/** Which entries a reader wants; what is left out does not matter. Times are RFC 3339. */
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

/** One entry as it was written. */
export interface AuditView {
  readonly id: string;
  readonly organizationId: string | null;
  /** RFC 3339 in UTC. */
  readonly occurredAt: string;
  readonly actorKind: ActorKind;
  readonly actorId: string | null;
  readonly actorName: string;
  readonly tokenId: string | null;
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string | null;
  readonly targetName: string | null;
  readonly before: AuditState | null;
  readonly after: AuditState | null;
  readonly address: string | null;
  readonly requestId: string | null;
}

/** Reads the audit log. Whoever calls has made sure that the reader is an admin there, or an operator. */
@Injectable()
export class AuditTrail {
  constructor(private readonly database: Database) {}

  /**
   * Entries of one organization, or with null those of accounts and the installation; latest first.
   *
   * Costs what it returns when filtered by time alone; other filters look at every entry of the range.
   *
   * @param after the {@link positionOf} of the last entry that was read
   * @throws DomainError AUDIT.RANGE_EMPTY
   */
  async list(
    organizationId: string | null,
    filter: AuditFilter,
    take: number,
    after: CursorPosition | undefined,
  ): Promise<AuditView[]> {
    const { actorId, action, targetKind, targetId, from, until } = filter;
    if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until)) {
      throw AuditErrors.RANGE_EMPTY.because(undefined, { from, until });
    }
    const rows = await rowsOf(
      this.database.reader(),
      sql<AuditView>`
        select id, organization_id as "organizationId", occurred_at as "occurredAt", actor_kind as "actorKind",
               actor_id as "actorId", actor_name as "actorName", token_id as "tokenId", action,
               target_kind as "targetKind", target_id as "targetId", target_name as "targetName", before, after,
               address, request_id as "requestId"
        from audit_entries
        where ${organizationId === null ? sql`organization_id is null` : sql`organization_id = ${organizationId}`}
          ${actorId === undefined ? sql`` : sql`and actor_id = ${actorId}`}
          ${action === undefined ? sql`` : sql`and action = ${action}`}
          ${targetKind === undefined ? sql`` : sql`and target_kind = ${targetKind}`}
          ${targetId === undefined ? sql`` : sql`and target_id = ${targetId}`}
          ${from === undefined ? sql`` : sql`and occurred_at >= ${from}::timestamptz`}
          ${until === undefined ? sql`` : sql`and occurred_at < ${until}::timestamptz`}
          ${after === undefined ? sql`` : sql`and (occurred_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
        order by occurred_at desc, id desc limit ${take}`,
    );
    return rows.map((row) => ({ ...row, occurredAt: rfc3339(row.occurredAt) }));
  }
}

/** Where an entry stands in the list. */
export function positionOf({ occurredAt, id }: AuditView): CursorPosition {
  return [occurredAt, id];
}
