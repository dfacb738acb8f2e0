import { IsolationLevel } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';

import { type Fragment, Database, preferIndexes, rowsOf, sql } from '#database';
import { visibleClusters } from '#clusters';
import { MAX_COMPARED } from '#http';
import { type Actor } from '#rbac';

import { compare, type EventPosition } from './event-position.js';
import { EVENT_COLUMNS, type EventFilter, type EventRow, type EventView, eventViewOf } from './event-view.js';
import { EventErrors } from './events.errors.js';
import { type EventHolder, readEventHolder, readSettled, type Settled } from './order/settled.js';

/** The position after which events of an organization are read. */
export interface EventMark {
  readonly organizationId: string;
  readonly after: EventPosition;
}

/** Events of one organization, in order. */
export interface EventPage {
  readonly events: readonly EventView[];
  /** Later events are written, and not complete yet: read again within milliseconds. */
  readonly isMoreComing: boolean;
}

interface SettlingRow extends EventRow {
  readonly organizationId: string;
  readonly isSettled: boolean;
}

/** A page of a list of events. */
export interface EventSlice {
  readonly newestFirst: boolean;
  readonly take: number;
  /** The last event of the page before. */
  readonly cursor: EventPosition | undefined;
  /** Only events after this one. */
  readonly lastSeen: EventPosition | undefined;
}

/** A part of a list of events. */
export interface EventPart {
  readonly events: readonly EventView[];
  /** The event up to which events were compared, where the part ends before the page is full and the list may go on. */
  readonly end: EventView | undefined;
}

/** A page of one deployment's events, oldest first. */
export interface DeploymentEventSlice extends Pick<EventSlice, 'take' | 'lastSeen'> {
  readonly statuses: EventFilter['statuses'];
  /** The number of the last event of the page before; 0 for none. */
  readonly after: number;
}

/** Reads the table of events in its order. */
@Injectable()
export class EventLog {
  constructor(private readonly database: Database) {}

  /**
   * The present position, after a check that no event after `lastSeen` is missing.
   *
   * @throws EVENTS.EXPIRED when events after `lastSeen` were removed, or the database was restored from a copy since
   */
  async begin(organizationId: string, lastSeen: EventPosition | undefined): Promise<EventPosition> {
    const { stamp, next } = await this.settled();
    if (lastSeen !== undefined) {
      const [row] = await rowsOf(
        this.database.reader(),
        sql<{ stamp: string; position: string }>`
          select stamp::text, position::text from event_horizons where organization_id = ${organizationId}`,
      );
      const horizon = { stamp: BigInt(row?.stamp ?? 0), position: BigInt(row?.position ?? 0) };
      if (lastSeen.stamp > next || compare(lastSeen, horizon) < 0) throw EventErrors.EXPIRED.because();
    }
    return { stamp, position: 0n };
  }

  /** Reads the events of several organizations after their marks, at most `limit` of each, in one statement. */
  async readOn(marks: readonly EventMark[], limit: number): Promise<ReadonlyMap<string, EventPage>> {
    const settled = await this.settled();
    const rows = await this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      return rowsOf(
        tx,
        sql<SettlingRow>`
          select wanted.organization_id as "organizationId", e.*
          from unnest(${marks.map(({ organizationId }) => organizationId)}::uuid[],
                      ${marks.map(({ after }) => after.stamp.toString())}::xid8[],
                      ${marks.map(({ after }) => after.position.toString())}::bigint[])
            as wanted (organization_id, stamp, position)
          cross join lateral (
            select ${EVENT_COLUMNS}, e.stamp < ${stampOf(settled)} as "isSettled"
            from deployment_events e
            where e.organization_id = wanted.organization_id and (e.stamp, e.position) > (wanted.stamp, wanted.position)
            order by e.stamp, e.position
            limit ${limit}
          ) e`,
      );
    });
    const byOrganization = Map.groupBy(rows, ({ organizationId }) => organizationId);
    return new Map([...byOrganization].map(([organizationId, found]) => [organizationId, pageOf(found, limit)]));
  }

  /** A page of an organization's events, as far as an actor sees them. One request compares a bounded number of them. */
  async list(
    actor: Actor,
    organizationId: string,
    filter: EventFilter,
    { newestFirst, take, cursor, lastSeen }: EventSlice,
  ): Promise<EventPart> {
    const { clusterId, deploymentId, statuses } = filter;
    const settled = await this.settled();
    const order = newestFirst ? sql`e.stamp desc, e.position desc` : sql`e.stamp, e.position`;
    const walk = sql`
      select e.* from ${source(organizationId, deploymentId)} e
      where e.organization_id = ${organizationId} and e.stamp < ${stampOf(settled)}
        ${lastSeen === undefined ? sql`` : sql`and (e.stamp, e.position) > ${placeOf(lastSeen)}`}
        ${cursor === undefined ? sql`` : newestFirst ? sql`and (e.stamp, e.position) < ${placeOf(cursor)}` : sql`and (e.stamp, e.position) > ${placeOf(cursor)}`}
      order by ${order}`;
    const page = sql<EventRow>`
      select ${EVENT_COLUMNS} from (${walk} limit ${MAX_COMPARED}) e
      where ${visibleClusters(actor, organizationId, 'e.cluster_id')}
        ${clusterId === undefined ? sql`` : sql`and e.cluster_id = ${clusterId}`}
        ${statuses === undefined ? sql`` : sql`and e.to_status = any(${[...statuses]}::text[])`}
      order by ${order} limit ${take}`;
    const edge = sql<EventRow>`select ${EVENT_COLUMNS} from (${walk} offset ${MAX_COMPARED - 1} limit 1) e`;
    // One snapshot: the edge must be that of the rows which the page has compared.
    return this.database.transaction(
      async (tx) => {
        await preferIndexes(tx);
        const events = (await rowsOf(tx, page)).map(eventViewOf);
        const [end] = events.length < take ? await rowsOf(tx, edge) : [];
        return { events, end: end === undefined ? undefined : eventViewOf(end) };
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ },
    );
  }

  /** A page of one deployment's events, oldest first, including those just committed: `sequence` orders them without a gap. */
  async listOfDeployment(
    organizationId: string,
    deploymentId: string,
    { statuses, take, after, lastSeen }: DeploymentEventSlice,
  ): Promise<EventView[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<EventRow>`
        select ${EVENT_COLUMNS} from deployment_events e
        where e.organization_id = ${organizationId} and e.deployment_id = ${deploymentId} and e.sequence > ${after}
          ${statuses === undefined ? sql`` : sql`and e.to_status = any(${[...statuses]}::text[])`}
          ${lastSeen === undefined ? sql`` : sql`and (e.stamp, e.position) > ${placeOf(lastSeen)}`}
        order by e.sequence limit ${take}`,
    );
    return rows.map(eventViewOf);
  }

  /** The open transaction that delays events; null when none does. */
  holder(): Promise<EventHolder | null> {
    return readEventHolder(this.database.reader());
  }

  /** Read before the statement that compares with it: its snapshot must be the later one. */
  private settled(): Promise<Settled> {
    return readSettled(this.database.reader());
  }
}

const stampOf = ({ stamp }: Settled): Fragment => sql`${stamp.toString()}::xid8`;

const placeOf = ({ stamp, position }: EventPosition): Fragment =>
  sql`(${stamp.toString()}::xid8, ${position.toString()}::bigint)`;

/** The events of one deployment by their key: they are few, and the index of the organization would be read from its end. */
function source(organizationId: string, deploymentId: string | undefined): Fragment {
  return deploymentId === undefined
    ? sql`deployment_events`
    : sql`(select * from deployment_events
           where organization_id = ${organizationId} and deployment_id = ${deploymentId} offset 0)`;
}

function pageOf(rows: readonly SettlingRow[], limit: number): EventPage {
  const events = rows
    .filter(({ isSettled }) => isSettled)
    .map(eventViewOf)
    .sort(compare);
  return { events, isMoreComing: rows.length > events.length || rows.length === limit };
}
