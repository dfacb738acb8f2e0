import { type ResourceAmounts } from '#kernel';
import {
  keyOf,
  type Nomination,
  nominationsOf,
  type OwnedReservation,
  ownedReservation,
  type Plan,
  type ReservationEvent,
  type Snapshot,
} from '#packing';

/** When something that a pass has scheduled is over by its declared runtime: as planned, and as it stands in its row. */
export interface DeclaredEnd {
  readonly plannedMs: number;
  readonly actualMs: number;
}

/** A deployment that a pass has scheduled, with its shape. */
export interface Scheduled extends ResourceAmounts {
  readonly deploymentId: string;
  readonly priority: number;
  readonly maxRuntimeSeconds: number | null;
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

/**
 * The plan with the nominations that were to end by a start which did not happen: the transaction had reached its limit, or the deployment
 * changed meanwhile. Without them, the next pass could give to others what was freed for them.
 */
export function withNominationsKept(
  plan: Plan,
  { waiting, reservations }: Pick<Snapshot, 'waiting' | 'reservations'>,
  scheduled: readonly Scheduled[],
): Plan {
  const before = nominationsOf(reservations);
  if (before.length === 0) return plan;
  const included = new Set(plan.place.flatMap(({ includes }) => includes));
  const others = scheduled.filter(({ deploymentId }) => !included.has(deploymentId));
  const started = countByKey(others.map((one) => [keyOf({ ...one, request: one }), 1]));
  const planned = countByKey(
    plan.place.flatMap(({ shape: index, count, includes }): [string, number][] => {
      const shape = waiting[index];
      return shape === undefined ? [] : [[keyOf(shape), count - includes.length]];
    }),
  );
  const after = new Map(nominationsOf(plan.reservations).map((nomination) => [keyOf(nomination), nomination]));
  const kept = before.flatMap((nomination): Nomination[] => {
    const key = keyOf(nomination);
    const done = started.get(key) ?? 0;
    const missing = (planned.get(key) ?? 0) - done;
    const remaining = after.get(key) ?? { ...nomination, count: 0 };
    const count = Math.min(remaining.count + missing, nomination.count - done);
    return missing > 0 && count > remaining.count ? [{ ...remaining, count }] : [];
  });
  if (kept.length === 0) return plan;
  const changed = new Set(kept.map(keyOf));
  const unchanged = plan.reservations.filter((one) => one.state !== 'nominated' || !changed.has(keyOf(one)));
  return { ...plan, reservations: [...unchanged, ...kept] };
}

function countByKey(counts: readonly (readonly [key: string, count: number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}
