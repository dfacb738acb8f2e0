import { type EntityManager, type Fragment, rowsOf, sql } from '#database';
import { visibleClusters } from '#clusters';
import { MAX_COMPARED } from '#http';
import { type Actor } from '#rbac';

import { DEPLOYMENT_STATUSES } from '../states/deployment-status.js';
import { type DeploymentRow, LISTED_DEPLOYMENT_COLUMNS } from '../deployment-view.js';
import { type DeploymentFilter, filterCondition } from '../filter/deployment-filter.js';
import { type LabelRequirement } from '../filter/label-selector.js';
import { type DeploymentSort, type IdRange } from './id-range.js';

/** The request for a page of a list. */
export interface ListRequest {
  readonly actor: Pick<Actor, 'id' | 'role' | 'scope'>;
  readonly organizationId: string;
  readonly filter: DeploymentFilter;
  readonly sort: DeploymentSort;
  readonly range: IdRange;
  readonly take: number;
}

type Statement<Row> = ReturnType<typeof sql<Row>>;

/** The fewest of them for each status and cluster: more than a page. */
const MIN_SHARE = 200;

/**
 * A page, read from an index in the order of the list: that of the submitter, of the cluster, or the primary key, for each status apart.
 * Conditions without an index are compared row by row.
 *
 * The order within a branch includes the status, which is the same in all its rows, and the status is bounded instead of compared: only
 * the intended index gives that order without sorting, whatever the statistics are.
 */
export function walkingPage(request: ListRequest): Statement<DeploymentRow> {
  const { take } = request;
  const walk = branchesOf(request);
  if (walk !== undefined) return pageOf(request, branches(request, walk));
  return pageOf(
    request,
    sql`select d.id from (${inOrderOfIds(request)} limit ${MAX_COMPARED}) d
        where true ${rest(request)}
        order by d.id ${direction(request)} limit ${take}`,
  );
}

/**
 * The id up to which {@link walkingPage} has compared rows, where its scan or one of its scans has stopped by its bound; no row where none
 * has. Earlier rows of the list are complete in the page.
 */
export function edgeOfWalk(request: ListRequest): Statement<{ id: string }> {
  const order = direction(request);
  const walk = branchesOf(request);
  if (walk === undefined) {
    return sql`select d.id from (${inOrderOfIds(request)}) d order by d.id ${order} offset ${MAX_COMPARED - 1} limit 1`;
  }
  return sql`
    select edge.id from ${walk.statuses} ${walk.clusters}
    cross join lateral (
      select d.id from (${inOrderOfBranch(request, walk.owner)}) d order by d.status ${order}, d.id ${order}
      offset ${walk.share} - 1 limit 1
    ) edge
    order by edge.id ${order} limit 1`;
}

/** A page of the deployments with some ids that meet the filter. */
export function pageAmong(request: ListRequest, ids: readonly string[]): Statement<DeploymentRow> {
  const { organizationId, range, take } = request;
  return pageOf(
    request,
    sql`select d.id from (select distinct ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as id) wanted
        join deployments d on d.organization_id = wanted.organization_id and d.id = wanted.id
        where wanted.id < ${range.below} and wanted.id > ${range.above} ${statusCondition(request)} ${rest(request)}
        order by wanted.id ${direction(request)} limit ${take}`,
  );
}

/** Ids of deployments that have the labels which a selector requires, at most `limit`; its exclusions are not applied. */
export function labelledIds(
  organizationId: string,
  requirements: readonly LabelRequirement[],
  limit: number,
): Statement<{ id: string }> {
  const terms = sql`deployment_label_terms(d.organization_id, d.labels)`;
  const conditions = requirements.map(({ key, values }) => {
    const wanted = values.length === 0 ? [key] : values.map((value) => `${key}=${value}`);
    const hashes = wanted.map((term) => sql`hashtextextended(${`${organizationId}/${term}`}, 0)`);
    return sql`${terms} && array[${sql.join(hashes)}]::bigint[]`;
  });
  // `is not distinct from` uses no index: the terms contain the organization already.
  return sql`
    select d.id from deployments d
    where d.labels <> '{}' and ${sql.join(conditions, sql` and `)} and d.organization_id is not distinct from ${organizationId}
    limit ${limit}`;
}

/** Ids of deployments that were given a name, or one with a prefix, at most `limit`. */
export function namedIds(
  organizationId: string,
  wanted: { readonly name: string } | { readonly prefix: string },
  limit: number,
): Statement<{ id: string }> {
  const condition = 'name' in wanted ? sql`d.name collate "C" = ${wanted.name}` : prefixCondition(wanted.prefix);
  return sql`
    select d.id from deployments d
    where d.organization_id = ${organizationId} and d.is_named and ${condition}
    order by d.name collate "C" limit ${limit}`;
}

function prefixCondition(prefix: string): Fragment {
  const end = afterPrefix(prefix);
  return sql`d.name collate "C" >= ${prefix} ${end === undefined ? sql`` : sql`and d.name collate "C" < ${end}`}`;
}

/** The first text after all texts with a prefix, by code points; undefined where there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? 0;
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}

/** Permits bitmap scans: the index of labels gives no order. */
export async function preferBitmaps(tx: EntityManager): Promise<void> {
  await rowsOf(tx, sql`select set_config('enable_seqscan', 'off', true)`);
}

/** Scans of one index, each of one status and one owner. */
interface Branches {
  readonly owner: Fragment;
  readonly statuses: Fragment;
  readonly clusters: Fragment;
  /** The most rows that each compares. */
  readonly share: Fragment;
}

/** The scans by which a list is read; undefined where the primary key serves it. */
function branchesOf({ organizationId, filter }: ListRequest): Branches | undefined {
  const { clusterId, submittedBy } = filter;
  const wanted = filter.statuses ?? [];
  const names = wanted.length === 0 ? DEPLOYMENT_STATUSES : wanted;
  const statuses = sql`unnest(${[...names]}::text[]) as s (status)`;
  const share = Math.max(MIN_SHARE, Math.floor(MAX_COMPARED / names.length));
  const one = { statuses, clusters: sql``, share: sql`${share}::int` };
  if (submittedBy !== undefined) return { ...one, owner: sql`d.submitted_by = ${submittedBy}` };
  if (clusterId !== undefined) return { ...one, owner: sql`d.cluster_id = ${clusterId}` };
  if (wanted.length === 0) return undefined;
  const clusters = sql`(select id from clusters where organization_id = ${organizationId})`;
  return {
    statuses,
    owner: sql`d.cluster_id = c.id`,
    clusters: sql`cross join ${clusters} c`,
    share: sql`(select greatest(${MIN_SHARE}::int, ${share}::int / greatest(1, count(*)::int)) from ${clusters} counted)`,
  };
}

function branches(request: ListRequest, { owner, statuses, clusters, share }: Branches): Fragment {
  const { take } = request;
  const order = direction(request);
  return sql`
    select branch.id from ${statuses} ${clusters}
    cross join lateral (
      select d.id from (${inOrderOfBranch(request, owner)} limit ${share}) d
      where true ${rest(request)}
      order by d.status ${order}, d.id ${order} limit ${take}
    ) branch
    order by branch.id ${order} limit ${take}`;
}

/** All rows of a range of ids, by the primary key. */
function inOrderOfIds(request: ListRequest): Fragment {
  const { organizationId, range } = request;
  return sql`
    select d.* from deployments d
    where d.organization_id = ${organizationId} and d.id < ${range.below} and d.id > ${range.above}
    order by d.id ${direction(request)}`;
}

/** All rows of one branch, by its index. */
function inOrderOfBranch(request: ListRequest, owner: Fragment): Fragment {
  const { organizationId, range } = request;
  const order = direction(request);
  return sql`
    select d.* from deployments d
    where d.organization_id = ${organizationId} and ${owner}
      and (d.status, d.id) < (s.status, ${range.below}::uuid) and (d.status, d.id) > (s.status, ${range.above}::uuid)
    order by d.status ${order}, d.id ${order}`;
}

/** Whether one scan serves a list: a full page has not reached its bound. */
export function isOneScan(request: ListRequest): boolean {
  return branchesOf(request) === undefined;
}

/** Whether rows are compared with a condition, or a visibility, that no index serves: a page may need any number of them. */
export function isCompared({ actor, filter }: ListRequest): boolean {
  const {
    labels = [],
    name,
    namePrefix,
    minPriority,
    maxPriority,
    queuedFrom,
    queuedBefore,
    clusterId,
    submittedBy,
  } = filter;
  const compared = [name, namePrefix, minPriority, maxPriority, queuedFrom, queuedBefore];
  return (
    (actor.role !== 'admin' && actor.scope === null) ||
    labels.length > 0 ||
    compared.some((condition) => condition !== undefined) ||
    (clusterId !== undefined && submittedBy !== undefined)
  );
}

/** The rows of some ids, each by its whole key: with a constant for the organization beside the join PostgreSQL might begin with the table. */
function pageOf(request: ListRequest, found: Fragment): Statement<DeploymentRow> {
  return sql<DeploymentRow>`
    with found as materialized (${found}),
    page as materialized (select ${request.organizationId}::uuid as organization_id, found.id from found)
    select ${LISTED_DEPLOYMENT_COLUMNS} from page
    join deployments d on d.organization_id = page.organization_id and d.id = page.id
    order by page.id ${direction(request)}`;
}

function statusCondition({ filter: { statuses = [] } }: ListRequest): Fragment {
  return statuses.length === 0 ? sql`` : sql`and d.status = any(${[...statuses]}::text[])`;
}

/** The conditions that are compared row by row, and the visibility of the row. */
function rest({ actor, organizationId, filter }: ListRequest): Fragment {
  return sql`and ${visibleClusters(actor, organizationId, 'd.cluster_id')} ${filterCondition({ ...filter, statuses: undefined })}`;
}

const direction = ({ sort }: ListRequest): Fragment => (sort === 'newest' ? sql`desc` : sql`asc`);
