import type { ResourceAmounts } from '#kernel';

import type { Proof } from './proof.js';
import type { Reservation } from './reservation.js';

/** Whether running deployments may be preempted, and by what. */
export const PREEMPTION = ['never', 'lower-priority'] as const;

/** One of {@link PREEMPTION}. */
export type Preempting = (typeof PREEMPTION)[number];

/** Whose turn it is to get the reservation, within a priority. */
export const RESERVATION_ORDERS = ['relative-wait', 'age'] as const;

/** One of {@link RESERVATION_ORDERS}. */
export type ReservationOrder = (typeof RESERVATION_ORDERS)[number];

/** What a plan is after at each priority: the most starts, then the highest utilization; or the other way round. */
export const OBJECTIVES = ['successes', 'utilization'] as const;

/** One of {@link OBJECTIVES}. */
export type Objective = (typeof OBJECTIVES)[number];

/** What a cluster's owner may decide about planning. Times in seconds, as everywhere in policies. */
export interface PlanningPolicy {
  /** What a plan is after at each priority. */
  readonly objective: Objective;
  /** How much work the search of a plan may cost, in steps of about ten microseconds; the number itself is exact, so that plans repeat. */
  readonly searchSteps: number;
  /** How long a deployment waits before it is given a reservation: 0 at once, `null` never. */
  readonly reserveAfterSeconds: number | null;
  /** In which order deployments that have waited that long get it. */
  readonly reservationOrder: ReservationOrder;
  /** Whether running deployments may be preempted by waiting ones of higher priority. */
  readonly preemption: Preempting;
  /** How long what was scheduled is left alone before it may be preempted, from when it was scheduled. */
  readonly preemptAfterSeconds: number;
  /** How often one deployment may be preempted, at most. */
  readonly maxPreemptions: number;
  /** How long what is to stop keeps its resources, at most, so that its runtime can stop it in order; 0: they come back at once. */
  readonly stopGraceSeconds: number;
}

/** One waiting deployment, as far as the planner must know it: ages decide between interchangeable ones. */
export interface WaitingMember {
  readonly id: string;
  readonly queuedAtMs: number;
}

/** All waiting deployments with the same priority, request and declared runtime. */
export interface WaitingShape {
  /** Higher first. */
  readonly priority: number;
  readonly request: ResourceAmounts;
  /** `null`: undeclared. */
  readonly maxRuntimeSeconds: number | null;
  /** What such deployments typically take, where none is declared and that was learned. It decides whose turn it is, and nothing else. */
  readonly typicalRuntimeSeconds?: number;
  /** How long such a deployment is expected to take at most, as learned. It decides what may start beside a gathering, and promises nothing. */
  readonly expectedRuntimeSeconds?: number;
  readonly count: number;
  /** First in age (`queuedAt`, then id) among the `count`. */
  readonly oldest: WaitingMember;
  /** The next in age after `oldest`, as many as the caller names; they only decide the next in line for a reservation. */
  readonly followers?: readonly WaitingMember[];
}

/** Running deployments that hold the same resources until the same time. */
export interface RunningGroup {
  readonly priority: number;
  /** What each of them holds. */
  readonly resources: ResourceAmounts;
  readonly count: number;
  /** When its declared runtime is over; `null` where none is declared. A time that has passed is taken as undeclared: it promises nothing. */
  readonly endsAtMs: number | null;
  /** When it is expected to end where it declares nothing; absent or `null`: never. Decides whether gathering helps, and promises nothing. */
  readonly expectedEndMs?: number | null;
  /** Present where it is marked preemptible, and alone in its group (`count` 1). The policy decides whether it may be preempted now. */
  readonly preemptible?: Preemptible;
  /** How many more of them are marked preemptible, but not listed singly. Used by explanations only. */
  readonly notConsidered?: number;
  /** Present and true where it was preempted and has not stopped yet: what it holds is nominated. */
  readonly isTerminating?: boolean;
  /** The queue entry after termination. Used by forecasts only. */
  readonly returns?: Returning;
}

/** A deployment that waits again once it has stopped. */
export interface Returning extends WaitingMember {
  readonly maxRuntimeSeconds: number | null;
}

/** What decides whether, and at what loss, a running deployment is preempted. */
export interface Preemptible {
  readonly id: string;
  /** When it was scheduled: what it has done since would be lost. */
  readonly sinceMs: number;
  /** How often it has been preempted already. */
  readonly preemptions: number;
  /** True where nothing has reported its start: it stops at once, whatever the policy's grace. */
  readonly stopsAtOnce: boolean;
}

/** Why a reservation is not what it was. */
export type ReservationCause =
  | 'waited-long-enough' // promised, or gathered for, for the first time
  | 'fits-now' // started
  | 'runtimes-as-declared' // a promise moved earlier, or follows a gathering, because something ended
  | 'higher-priority' // work of higher priority takes what was set aside, or its own reservation comes first
  | 'capacity-lost' // the cluster has less than the promise counted on
  | 'runtime-overdue' // something runs longer than it declared
  | 'no-longer-waiting' // cancelled, started or changed meanwhile
  | 'too-large' // exceeds the capacity as it is now
  | 'cordoned' // nothing starts here for now
  | 'policy'; // reservations were turned off

/** One thing that happened to a reservation in this plan; together they explain every difference between the one before and the one after. */
export interface ReservationEvent {
  readonly id: string;
  /** `nominated`: its victims are asked to stop; as soon as they have, it starts. */
  readonly kind: 'promised' | 'moved-earlier' | 'moved-later' | 'started' | 'nominated' | 'gathering' | 'withdrawn';
  readonly cause: ReservationCause;
  readonly promisedAtMs: number | null;
}

/** Everything that a plan depends on: the planner reads no clock, throws no dice and remembers nothing. */
export interface Snapshot {
  readonly capacity: ResourceAmounts;
  readonly nowMs: number;
  readonly policy: PlanningPolicy;
  readonly isCordoned: boolean;
  readonly running: readonly RunningGroup[];
  readonly waiting: readonly WaitingShape[];
  /** What earlier passes have set aside. */
  readonly reservations: readonly Reservation[];
  /** No gathering begins before this time, because an earlier one has taken its part of the time; absent or `null`: from now on. */
  readonly gatherAfterMs?: number | null;
}

/** How many of a shape start now: `includes` first, then the oldest. */
export interface Placement {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
  readonly count: number;
  /** Deployments that must be among them, because a reservation is kept by starting exactly these. Usually empty. */
  readonly includes: readonly string[];
}

/** One running deployment that is preempted for one that waits. */
export interface Preemption {
  readonly id: string;
  /** Index into `snapshot.running`. */
  readonly group: number;
  /** Index into `snapshot.waiting`: of higher priority, and it starts with this plan, or is nominated by it. */
  readonly by: number;
  /** Whole seconds that it has run: work that is lost. */
  readonly lostSeconds: number;
}

/** The candidates of one priority: how much of their work is retained, and what no plan can exceed that does as well at every higher priority. */
export interface PreemptionCertificate {
  /** Candidates of this priority, and how many of them stay. */
  readonly eligibleCount: number;
  readonly retainedCount: number;
  /** Elapsed whole seconds times dominant share of capacity in thousandths, the product rounded down, summed over what stays; and its bound. */
  readonly retainedWork: number;
  readonly upperBound: number;
}

/** The most shapes of one priority that are planned at once. Where there are more they are divided by age into slices of this size. */
export const MOST_SHAPES = 2_000;

/**
 * The utilization that starts of a priority add, where it is the objective; and what no choice exceeds beside what starts at every higher priority.
 * A request counts its share of each resource in whole units, rounded up where no unit divides all shares evenly.
 */
export interface UtilizationCertificate {
  /** Units that the whole of one resource is; 0: too many may start for whole numbers to compare, and only starts are counted. */
  readonly unitsPerResource: number;
  readonly reached: number;
  readonly upperBound: number;
  /** The distance of the two, in thousandths of the cluster (all its resources together), rounded up. */
  readonly gapThousandths: number;
}

/** One slice of the shapes of a priority: what was reached, and what no plan can exceed that starts as many in every older slice. */
export interface SliceCertificate {
  readonly shapes: number;
  /** Without what is set aside. */
  readonly placed: number;
  readonly upperBound: number;
  /** Present where utilization is the objective. */
  readonly utilization?: UtilizationCertificate;
}

/** What was reached at one priority, and what no plan can exceed that starts as many, and keeps the same, at every higher priority. */
export interface LevelCertificate {
  readonly priority: number;
  /** Nominated deployments are among them. */
  readonly placed: number;
  /**
   * Where there are slices: the sum of their bounds, which hold for plans that start as many in every older slice. Where utilization is the
   * objective: of the choices that use as much as the bound of utilization allows, beside what starts at every higher priority.
   */
  readonly upperBound: number;
  /** Present where utilization is the objective, and something waits at the priority. */
  readonly utilization?: UtilizationCertificate;
  /** From the slice of the oldest; present where the priority has more shapes than are planned at once. */
  readonly slices?: readonly SliceCertificate[];
  /** Present where something that runs at this priority might be preempted. */
  readonly preemption?: PreemptionCertificate;
}

/** How good a plan is. It speaks of the problem as constrained: beside the reservation, and nothing at all while cordoned. */
export interface Certificate {
  /** True exactly when at every level what is placed, and the work that is kept, equal their bounds; and utilization, where it is the objective. */
  readonly optimal: boolean;
  /** `budget`: the policy's steps were used up. `deadline`: the caller's `shouldStop` said so; `stopAtSteps` with the same number of steps repeats the plan. */
  readonly stopped: 'none' | 'budget' | 'deadline';
  readonly steps: number;
  readonly levels: readonly LevelCertificate[];
  /** Sum over resources with capacity of used / capacity, with what runs already: reached, and not to be exceeded with these counts. */
  readonly utilization: { readonly value: number; readonly upperBound: number };
}

/** What a pass should do, as plain data: it can be cloned to another thread. */
export interface Plan {
  /** In canonical order: priority from the highest, then request. */
  readonly place: readonly Placement[];
  /** Victims, in the order of `snapshot.running`'s priorities from the lowest, then id. */
  readonly preempt: readonly Preemption[];
  /** What is set aside after this plan: nominations in canonical order, then the reservation that has an owner. */
  readonly reservations: readonly Reservation[];
  /** For the next snapshot's field of that name. */
  readonly gatherAfterMs: number | null;
  /** What happened to reservations, in order; empty when nothing did. */
  readonly reservationEvents: readonly ReservationEvent[];
  /** When another pass is due even if nothing happens; `null`: only when something happens. May be now. */
  readonly wakeAtMs: number | null;
  readonly certificate: Certificate;
  /** Present when asked for. */
  readonly proof: Proof | null;
}

/** Whether a plan is what its certificate says; if not, the first thing found wrong. */
export type Verdict = { readonly isAccepted: true } | { readonly isAccepted: false; readonly reason: string };

/** How to plan, beside what. Leaves the outcome alone unless it is told to stop. */
export interface PlanOptions {
  /** Safety only: asked every few steps; once true, the best plan so far is returned with `stopped: 'deadline'`. */
  readonly shouldStop?: () => boolean;
  /** Repeats a plan that `shouldStop` has ended: the number of steps of its certificate. */
  readonly stopAtSteps?: number;
  /** For tests: {@link MOST_SHAPES} otherwise. */
  readonly mostShapes?: number;
  /** Carry the proof that `verify` checks. Costs memory, not search. */
  readonly withProof?: boolean;
}
