import { type Plan, type ReservationEvent } from '#packing';

/** When something that a pass has scheduled is over by its declared runtime: as planned, and as it stands in its row. */
export interface DeclaredEnd {
  readonly plannedMs: number;
  readonly actualMs: number;
}

/**
 * A plan whose promise counts on ends as they are now known. Declared runtimes count from the moment at which a start is written, a little after
 * the plan was made: whoever was promised such an end, or a time soon after it, would otherwise be told by the next pass that it has moved.
 */
export function withKeptPromise(plan: Plan, ends: readonly DeclaredEnd[]): Plan {
  const promisedAtMs = plan.reservation?.promisedAtMs ?? null;
  if (plan.reservation === null || promisedAtMs === null) return plan;
  const later = ends.reduce(
    (latest, { plannedMs, actualMs }) => (plannedMs <= promisedAtMs ? Math.max(latest, actualMs) : latest),
    promisedAtMs,
  );
  if (later === promisedAtMs) return plan;
  const { id } = plan.reservation;
  const isThis = (event: ReservationEvent): boolean => event.id === id && event.promisedAtMs === promisedAtMs;
  return {
    ...plan,
    reservation: { ...plan.reservation, promisedAtMs: later },
    reservationEvents: plan.reservationEvents.map((event) =>
      isThis(event) ? { ...event, promisedAtMs: later } : event,
    ),
    wakeAtMs: plan.wakeAtMs === promisedAtMs ? later : plan.wakeAtMs,
  };
}
