import { IsolationLevel } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { Database, preferIndexes, rowsOf, sql, sqlStateOf } from '#database';
import { type Actor } from '#rbac';

import { type DeploymentRow, type DeploymentView, LISTED_DEPLOYMENT_COLUMNS, viewOf } from '../deployment-view.js';
import {
  edgeOfWalk,
  isCompared,
  isOneScan,
  labelledIds,
  type ListRequest,
  namedIds,
  pageAmong,
  preferBitmaps,
  walkingPage,
} from './list-statements.js';

/** The most rows that are collected and sorted; where more have a label or a name, the list is read in its order. */
const MAX_GATHERED = 2_000;

/** The longest search by labels; where it takes longer, the list is read in its order. */
const MAX_GATHERING_MS = 500;

/** The most labels that are searched by index; the others are compared with what is found. */
const MAX_SEARCHED_LABELS = 3;

/** PostgreSQL's code for a statement that took too long. */
const QUERY_CANCELED = '57014';

/** A part of a list. */
export interface ListPart {
  readonly deployments: readonly DeploymentView[];
  /** The id up to which deployments were compared, where the part ends before the page is full and the list may go on. */
  readonly end: string | undefined;
}

/** A queued deployment, and for how long it has been queued. */
export interface QueuedDeployment {
  readonly deployment: DeploymentView;
  readonly waitingSeconds: number;
}

/** The last entry of a page of a queue. */
export interface QueueMark {
  readonly priority: number;
  readonly queuedAt: string;
  readonly id: string;
}

/** Reads lists of deployments. Every statement uses the intended index, whatever PostgreSQL's statistics are. */
@Injectable()
export class DeploymentLists {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
  ) {}

  /** A page of the deployments that meet a filter and that the actor sees. One request compares a bounded number of rows. */
  async page(request: ListRequest): Promise<ListPart> {
    const gathered = await this.gather(request);
    if (gathered === undefined) return this.walk(request);
    return { deployments: (await this.read<DeploymentRow>(pageAmong(request, gathered))).map(viewOf), end: undefined };
  }

  /** Reads in the order of the list, up to the edge of what one request may compare. */
  private async walk(request: ListRequest): Promise<ListPart> {
    if (!isCompared(request)) {
      return { deployments: (await this.read<DeploymentRow>(walkingPage(request))).map(viewOf), end: undefined };
    }
    // One snapshot: the edge must be that of the rows which the page has compared.
    const { rows, edge } = await this.database.transaction(
      async (tx) => {
        await preferIndexes(tx);
        const found = await rowsOf(tx, walkingPage(request));
        if (found.length === request.take && isOneScan(request)) return { rows: found, edge: undefined };
        const [last] = await rowsOf(tx, edgeOfWalk(request));
        return { rows: found, edge: last?.id };
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ },
    );
    const isWithin = ({ id }: DeploymentRow): boolean =>
      edge === undefined || (request.sort === 'newest' ? id >= edge : id <= edge);
    const deployments = rows.filter(isWithin).map(viewOf);
    return { deployments, end: deployments.length < request.take ? edge : undefined };
  }

  /** A page of a cluster's queue by rank. @throws CLUSTERS.NOT_FOUND */
  async queue(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    take: number,
    after: QueueMark | undefined,
  ): Promise<QueuedDeployment[]> {
    await this.clusters.read(actor, { organizationId, clusterId });
    const rows = await this.read<DeploymentRow & { waitingSeconds: number }>(
      queuePage(organizationId, clusterId, take, after),
    );
    return rows.map(({ waitingSeconds, ...row }) => ({ deployment: viewOf(row), waitingSeconds }));
  }

  /** The ids of all deployments with the labels or the name of a filter, where they are few; undefined where they are many, or the filter has neither. */
  private async gather({ organizationId, filter }: ListRequest): Promise<string[] | undefined> {
    const { labels = [], name, namePrefix: prefix } = filter;
    const wanted = labels.filter(({ operator }) => operator === 'in' || operator === 'exists');
    const limit = MAX_GATHERED + 1;
    const few = (rows: readonly { id: string }[]): string[] | undefined =>
      rows.length < limit ? rows.map(({ id }) => id) : undefined;
    const byName = name !== undefined ? { name } : prefix !== undefined ? { prefix } : undefined;
    const named = byName === undefined ? undefined : few(await this.read(namedIds(organizationId, byName, limit)));
    if (named !== undefined || wanted.length === 0) return named;
    // Those with the fewest values are searched: each value costs one pass through the rows that have it.
    const searched = wanted.toSorted((a, b) => (a.values.length || Infinity) - (b.values.length || Infinity));
    try {
      return await this.database.transaction(
        async (tx) => {
          await preferBitmaps(tx);
          return few(await rowsOf(tx, labelledIds(organizationId, searched.slice(0, MAX_SEARCHED_LABELS), limit)));
        },
        { statementTimeoutMs: MAX_GATHERING_MS },
      );
    } catch (error) {
      if (sqlStateOf(error) !== QUERY_CANCELED) throw error;
      return undefined;
    }
  }

  private async read<Row>(statement: Parameters<typeof rowsOf<Row>>[1]): Promise<Row[]> {
    return this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      return rowsOf(tx, statement);
    });
  }
}

/** A page of a queue, from the index that holds it in this order. */
export function queuePage(
  organizationId: string,
  clusterId: string,
  take: number,
  after: QueueMark | undefined,
): ReturnType<typeof sql<DeploymentRow & { waitingSeconds: number }>> {
  return sql`
    select ${LISTED_DEPLOYMENT_COLUMNS},
           floor(greatest(0, extract(epoch from statement_timestamp() - d.queued_at)))::float8 as "waitingSeconds"
    from deployments d
    where d.cluster_id = ${clusterId} and d.status = 'queued' and d.organization_id is not distinct from ${organizationId}
      ${after === undefined ? sql`` : sql`and (-d.priority, d.queued_at, d.id) > (${-after.priority}::int2, ${after.queuedAt}::timestamptz, ${after.id}::uuid)`}
    order by -d.priority, d.queued_at, d.id
    limit ${take}`;
}
