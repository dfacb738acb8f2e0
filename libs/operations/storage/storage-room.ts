/** What was measured of a limited space, in bytes. */
export interface Space {
  readonly total: number;
  readonly free: number;
}

const MIB = 1024 * 1024;

/** The part of a space that is kept for ends, cancellations and deletions. */
export function reserveOf(total: number): number {
  return Math.min(Math.max(512 * MIB, total / 20), total / 4);
}

/**
 * Whether a space counts as full: from less than the reserve, until a quarter more than it is free. Without that distance, the answer would
 * change with every few deployments.
 */
export function isFull({ total, free }: Space, wasFull: boolean): boolean {
  return free < reserveOf(total) * (wasFull ? 1.25 : 1);
}
