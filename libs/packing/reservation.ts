import { RESOURCES, type ResourceAmounts } from '#kernel';

/**
 * States of the reservation that one deployment owns; a reservation that is not owned is `nominated`.
 *
 * `promised`: it starts by `untilMs`, and no deployment of equal or lower priority that starts before may be in its way then.
 * `gathering`: running deployments that declare no runtime, or whose end is only expected, have to end first. They are expected to do so by
 * `untilMs`; what they free is kept, and what starts beside it has to fit beside it, or be expected to end by then.
 * `nominated`: what was preempted for it has not stopped yet; it starts as soon as that has, by `untilMs`.
 */
export const OWNED_STATES = ['promised', 'gathering'] as const;

/** Resources that are set aside for some of the waiting deployments of one shape. */
interface SetAside {
  readonly priority: number;
  readonly request: ResourceAmounts;
  readonly maxRuntimeSeconds: number | null;
  readonly count: number;
  /** Since when it is in this state. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** A reservation of the deployments for which others were preempted: the oldest `count` of the shape. */
export interface Nomination extends SetAside {
  readonly state: 'nominated';
}

/** The reservation of one deployment that has waited for long enough; a cluster has at most one. */
export interface OwnedReservation extends SetAside {
  readonly id: string;
  readonly state: (typeof OWNED_STATES)[number];
}

/** Everything that is set aside in a cluster is a list of these. */
export type Reservation = Nomination | OwnedReservation;

/** The nominations among reservations. */
export function nominationsOf(reservations: readonly Reservation[] = []): Nomination[] {
  return reservations.filter((one) => one.state === 'nominated');
}

/** The one reservation that has an owner, if any. */
export function ownedReservation(reservations: readonly Reservation[] = []): OwnedReservation | null {
  return reservations.find((one) => one.state !== 'nominated') ?? null;
}

/** What makes waiting deployments interchangeable. */
type Shape = Pick<SetAside, 'priority' | 'request' | 'maxRuntimeSeconds'>;

/** Whether two shapes are the same. */
export function isSameShape(a: Shape, b: Shape): boolean {
  return (
    a.priority === b.priority &&
    a.maxRuntimeSeconds === b.maxRuntimeSeconds &&
    RESOURCES.every((resource) => a.request[resource] === b.request[resource])
  );
}
