/** A position in the order of an organization's events: all events up to and including it have been read. */
export interface EventPosition {
  readonly stamp: bigint;
  readonly position: bigint;
}

const FORM = /^(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,18})$/;
const MAX_BIGINT = 2n ** 63n - 1n;

/** The most characters of an event's id. */
export const MAX_EVENT_ID = 39;

/** The id of an event: its position as text. */
export function eventIdOf({ stamp, position }: EventPosition): string {
  return `${stamp}-${position}`;
}

/** The position of an id; undefined for a text that is not an id. */
export function positionOf(id: string): EventPosition | undefined {
  const [, stamp, position] = FORM.exec(id) ?? [];
  if (stamp === undefined || position === undefined) return undefined;
  const place = { stamp: BigInt(stamp), position: BigInt(position) };
  return place.stamp > MAX_BIGINT || place.position > MAX_BIGINT ? undefined : place;
}

/** Negative, zero or positive: `a` comes before, is, or comes after `b`. */
export function compare(a: EventPosition, b: EventPosition): number {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? -1 : 1;
  if (a.position !== b.position) return a.position < b.position ? -1 : 1;
  return 0;
}
