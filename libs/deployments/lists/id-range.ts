import { type DeploymentFilter } from '../filter/deployment-filter.js';

/** A range of ids, without its bounds. */
export interface IdRange {
  readonly above: string;
  readonly below: string;
}

/**
 * The most by which the clock of an API process, which makes ids, may differ from the database's, which sets `queuedAt`. Rows within this
 * distance of a bound are read and compared by their time.
 */
const CLOCKS_DIFFER_MS = 60_000;

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const MAX_MS = 2 ** 48 - 1;

/** The orders of lists of deployments, by the time of submission. */
export const DEPLOYMENT_SORTS = ['newest', 'oldest'] as const;

export type DeploymentSort = (typeof DEPLOYMENT_SORTS)[number];

/** The range of ids of a page: by the filter's times, and after the last id of the page before. */
export function idRangeOf(
  { queuedFrom, queuedBefore }: DeploymentFilter,
  sort: DeploymentSort,
  after: string | undefined,
): IdRange {
  const above = queuedFrom === undefined ? FIRST_ID : firstIdOf(Date.parse(queuedFrom) - CLOCKS_DIFFER_MS);
  const below = queuedBefore === undefined ? LAST_ID : firstIdOf(Date.parse(queuedBefore) + CLOCKS_DIFFER_MS);
  if (after === undefined) return { above, below };
  return sort === 'newest'
    ? { above, below: after < below ? after : below }
    : { above: after > above ? after : above, below };
}

/** An id before all that are made in a given millisecond or later. */
function firstIdOf(ms: number): string {
  const hex = Math.min(Math.max(0, ms), MAX_MS).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
