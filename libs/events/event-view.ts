import { rfc3339, sql } from '#database';

import { type DeploymentStatus } from '#deployments';
import { type EventPosition } from './event-position.js';

/** Something that happened to a deployment, and its place in the order. Times in RFC 3339. */
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
  /** By when its runtime is to have stopped it; null where nothing is asked of it. */
  readonly until: string | null;
  /** For whom it gives way; null where a pass decides that later, or nobody does. */
  readonly preemptorId: string | null;
  readonly preemptorPriority: number | null;
  /** For how long it has run for nothing; null but where it goes back to the queue because of others. */
  readonly lostSeconds: number | null;
}

/** A row of {@link EVENT_COLUMNS}. */
export interface EventRow extends Omit<EventView, keyof EventPosition> {
  readonly stamp: string;
  readonly position: string;
}

/** What a view is made from; the table must be called `e`. */
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

/** Which events of an organization are wanted. */
export interface EventFilter {
  readonly clusterId?: string | undefined;
  readonly deploymentId?: string | undefined;
  /** Events that led to one of these; all, where it is left out. */
  readonly statuses?: readonly DeploymentStatus[] | undefined;
}

/** Whether an event is wanted. */
export function isWanted({ clusterId, deploymentId, statuses }: EventFilter, event: EventView): boolean {
  return (
    (clusterId === undefined || event.clusterId === clusterId) &&
    (deploymentId === undefined || event.deploymentId === deploymentId) &&
    (statuses === undefined || statuses.includes(event.to))
  );
}
