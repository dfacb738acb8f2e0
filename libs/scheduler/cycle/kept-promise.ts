import { nominationsOf, type OwnedReservation, ownedReservation, type Plan, type ReservationEvent } from '#packing';

/** When something that a pass has scheduled is over by its declared runtime: as planned, and as it stands in its row. */
export interface DeclaredEnd {
  readonly plannedMs: number;
  readonly actualMs: number;
}

/**
 * A plan whose promise counts on ends as they are now known. Declared runtimes count from the moment at which a start is written, a little after
 * the plan was made. Without this, the next pass would report that a promise at such an end, or soon after it, has moved.
 */
export function withKeptPromise(plan: Plan, ends: readonly DeclaredEnd[]): Plan {
  const promise = ownedReservation(plan.reservations);
  if (promise?.state !== 'promised') return plan;
  const { id, untilMs: promisedAtMs } = promise;
  const later = ends.reduce(
    (latest, { plannedMs, actualMs }) => (plannedMs <= promisedAtMs ? Math.max(latest, actualMs) : latest),
    promisedAtMs,
  );
  if (later === promisedAtMs) return plan;
  const isThis = (event: ReservationEvent): boolean => event.id === id && event.promisedAtMs === promisedAtMs;
  return {
    ...plan,
    reservations: plan.reservations.map((one) => (one === promise ? { ...promise, untilMs: later } : one)),
    reservationEvents: plan.reservationEvents.map((event) =>
      isThis(event) ? { ...event, promisedAtMs: later } : event,
    ),
    wakeAtMs: plan.wakeAtMs === promisedAtMs ? later : plan.wakeAtMs,
  };
}

/**
 * The plan as far as it was applied. A deployment that was to start by its reservation and did not (the transaction had reached its limit, or
 * the deployment changed meanwhile) keeps the reservation for the next pass, and no event says that it started.
 *
 * @param standing the reservation before the plan
 */
export function withReservationsKept(
  plan: Plan,
  standing: OwnedReservation | null,
  scheduled: readonly { readonly deploymentId: string }[],
): Plan {
  const started = new Set(scheduled.map(({ deploymentId }) => deploymentId));
  const isUntrue = ({ id, kind }: ReservationEvent): boolean => kind === 'started' && !started.has(id);
  if (!plan.reservationEvents.some(isUntrue)) return plan;
  const isStill =
    standing !== null && plan.reservationEvents.some((event) => isUntrue(event) && event.id === standing.id);
  // What follows from that start is as untrue.
  if (isStill) return { ...plan, reservations: [...nominationsOf(plan.reservations), standing], reservationEvents: [] };
  return { ...plan, reservationEvents: plan.reservationEvents.filter((event) => !isUntrue(event)) };
}
