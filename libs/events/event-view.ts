import { rfc3339, sql } from '#database';

import { type DeploymentStatus } from '#deployments';
import { type EventPosition } from './event-position.js';

/** An event of a deployment, and its position in the order. Times in RFC 3339. */
export interface EventView extends EventPosition {
  readonly at: string;
  readonly clusterId: string;
  readonly deploymentId: string;
  readonly sequence: number;
  readonly attempt: number;
  /** null: it was submitted */
  readonly from: DeploymentStatus | null;
  readonly to: DeploymentStatus;
  readonly cause: string;
  readonly actorId: string | null;
  readonly passId: string | null;
  /** When its runtime must have stopped it; null where no stop is asked. */
  readonly until: string | null;
  /** The deployment that preempted it; null where it was not preempted, or an earlier event names it. */
  readonly preemptorId: string | null;
  readonly preemptorPriority: number | null;
  /** How long the lost attempt has held resources; null where no attempt was lost. */
  readonly lostSeconds: number | null;
}

/** A row of {@link EVENT_COLUMNS}. */
export interface EventRow extends Omit<EventView, keyof EventPosition> {
  readonly stamp: string;
  readonly position: string;
}

/** The columns of a view. The table must be called `e`. */
export const EVENT_COLUMNS = sql`
  e.stamp::text as stamp, e.position::text as position, e.at, e.cluster_id as "clusterId",
  e.deployment_id as "deploymentId", e.sequence, e.attempt, e.from_status as "from", e.to_status as "to", e.cause,
  e.actor_id as "actorId", e.pass_id as "passId", e.until, e.preemptor_id as "preemptorId",
  e.preemptor_priority as "preemptorPriority", e.lost_seconds as "lostSeconds"`;

/** The view of a row. */
export function eventViewOf(row: EventRow): EventView {
  return {
    ...row,
    stamp: BigInt(row.stamp),
    position: BigInt(row.position),
    at: rfc3339(row.at),
    until: rfc3339(row.until),
  };
}

/** A filter of an organization's events. */
export interface EventFilter {
  readonly clusterId?: string | undefined;
  readonly deploymentId?: string | undefined;
  /** Events that led to one of these statuses; all events, where it is omitted. */
  readonly statuses?: readonly DeploymentStatus[] | undefined;
}

/** Whether an event meets a filter. */
export function isWanted({ clusterId, deploymentId, statuses }: EventFilter, event: EventView): boolean {
  return (
    (clusterId === undefined || event.clusterId === clusterId) &&
    (deploymentId === undefined || event.deploymentId === deploymentId) &&
    (statuses === undefined || statuses.includes(event.to))
  );
}
