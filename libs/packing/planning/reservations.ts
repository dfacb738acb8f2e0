import { eligibleAtMs, withoutLower } from './candidates.js';
import { type Draft, draftFree, draftReserved, type ReservedDraft } from './draft.js';
import {
  decide,
  eventOf,
  exceedsCapacity,
  type Holder,
  type Newcomer,
  reasonToWithdraw,
  promiseOf,
  shapeOf,
  standingAfter,
} from './holder.js';
import type { Meter } from '../solver/meter.js';
import { type OwnedReservation, ownedReservation } from '../reservation.js';
import type { ReservationEvent, Snapshot, WaitingHead, WaitingShape } from '../types.js';

/** Reservations that one plan may turn into starts; where more are due, another pass follows at once. */
const STARTS_PER_PLAN = 4;

/** A plan, what is reserved after it, and what happened to reservations on the way. */
export interface ReservedPlan {
  readonly draft: Draft;
  readonly reservation: OwnedReservation | null;
  readonly events: readonly ReservationEvent[];
  readonly wakeAtMs: number | null;
}

/**
 * Plans, and makes sure that nobody waits for ever because others are smaller.
 *
 * 1. Without a reservation: what the plan starts anyway needs none.
 * 2. Who stands first among those who have waited long enough and are still left out has, or gets, the reservation.
 * 3. If that one fits now, it starts, and the next in line is looked at; otherwise its reservation limits the rest.
 */
export function planWithReservations(snapshot: Snapshot, meter: Meter): ReservedPlan {
  const events: ReservationEvent[] = [];
  let draft = draftFree(snapshot, meter);
  let standing = confirm(snapshot, draft, events);
  for (let starts = 0; ; starts++) {
    const holder = nextInLine(snapshot, draft, standing);
    if (holder === null) return finish(snapshot, draft, standing, events, false);
    if (starts === STARTS_PER_PLAN || comesTooLate(snapshot, draft, holder))
      return finish(snapshot, draft, standing, events, true);
    const kept = keep(snapshot, draft, standing, holder, meter);
    const { decision, isOutranked } = kept.result;
    if (standing !== null && kept.holder.standing === null) events.push(withdrawn(standing, 'higher-priority'));
    const event = eventOf(seenBy(snapshot, draft, kept.holder), kept.holder, decision, isOutranked);
    if (event !== null) events.push(event);
    standing = standingAfter(snapshot, kept.holder, decision);
    draft = kept.result.draft;
    if (decision.kind !== 'start') return finish(snapshot, draft, standing, events, false);
  }
}

/** Who might displace others comes before what lower priorities have been given, or in a plan of its own. */
function comesTooLate({ waiting }: Snapshot, { due, candidates }: Draft, holder: Holder): boolean {
  const priorityOf = ({ shape }: Holder): number => waiting[shape]!.priority;
  return candidates.length > 0 && due.some((other) => priorityOf(other) < priorityOf(holder));
}

/** What a holder has to reckon with: what it may displace is as good as gone. */
function seenBy(snapshot: Snapshot, { candidates }: Draft, { shape }: Holder): Snapshot {
  const { priority } = snapshot.waiting[shape]!;
  const stays = withoutLower(snapshot.running, candidates, priority);
  return { ...snapshot, running: stays.filter(({ isVacating }) => isVacating !== true) };
}

/** Keeps the holder's reservation; who would take over from a standing one, but can be given nothing, leaves it where it is. */
function keep(
  snapshot: Snapshot,
  draft: Draft,
  standing: OwnedReservation | null,
  holder: Holder,
  meter: Meter,
): { holder: Holder; result: ReservedDraft } {
  const elders = eldersOf(snapshot, draft, holder);
  const result = draftReserved(
    snapshot,
    draft,
    { owner: holder, elders },
    (usage) => decide(snapshot, holder, usage),
    meter,
  );
  if (result.decision.kind !== 'none' || standing === null || holder.standing !== null) return { holder, result };
  return keep(snapshot, draft, standing, holderOf(snapshot, standing), meter);
}

/**
 * Those of the holder's priority that start without its reservation and are known to have waited longer: they start with it, too. A
 * reservation that stands was promised before, and yields to nobody of its priority.
 */
function eldersOf(snapshot: Snapshot, draft: Draft, holder: Holder): Newcomer[] {
  if (holder.standing !== null) return [];
  const { priority } = snapshot.waiting[holder.shape]!;
  return snapshot.waiting.flatMap((shape, index): Newcomer[] =>
    shape.priority === priority
      ? startingHeads(draft, shape, index)
          .map((head): Newcomer => ({ ...head, shape: index, standing: null }))
          .filter((elder) => comesBefore(snapshot, elder, holder))
      : [],
  );
}

/** The oldest of a shape that the draft starts beside those that are due or are nominated, as far as the snapshot names them. */
function startingHeads(draft: Draft, shape: WaitingShape, index: number): WaitingHead[] {
  const due = dueIn(draft, index);
  return headsBeside(shape, due).slice(draft.nominated[index], draft.started[index]! - due.size);
}

function dueIn(draft: Draft, index: number): ReadonlySet<string> {
  return new Set(draft.due.filter((holder) => holder.shape === index).map((holder) => holder.id));
}

function headsBeside({ oldest, followers = [] }: WaitingShape, due: ReadonlySet<string>): WaitingHead[] {
  return [oldest, ...followers].filter((head) => !due.has(head.id));
}

/** What stands, unless nobody can keep it, or nobody needs it: where all of its shape have nominations, it has one of those. */
function confirm(snapshot: Snapshot, draft: Draft, events: ReservationEvent[]): OwnedReservation | null {
  const reservation = ownedReservation(snapshot.reservations);
  if (reservation === null) return null;
  const cause = reasonToWithdraw(snapshot, reservation);
  if (cause !== null) {
    events.push(withdrawn(reservation, cause));
    return null;
  }
  const shape = shapeOf(snapshot, reservation);
  if (draft.nominated[shape]! < snapshot.waiting[shape]!.count) return reservation;
  const promisedAtMs = promiseOf(reservation);
  events.push({ id: reservation.id, kind: 'nominated', cause: 'fits-now', promisedAtMs });
  return null;
}

function withdrawn({ id }: OwnedReservation, cause: ReservationEvent['cause']): ReservationEvent {
  return { id, kind: 'withdrawn', cause, promisedAtMs: null };
}

/** Who stands has it, unless somebody of higher priority has waited long enough as well; otherwise the first by priority and age. */
function nextInLine(snapshot: Snapshot, draft: Draft, standing: OwnedReservation | null): Holder | null {
  const first = firstEligible(snapshot, draft);
  if (standing === null) return first;
  const isOutranked = first !== null && snapshot.waiting[first.shape]!.priority > standing.priority;
  return isOutranked ? first : holderOf(snapshot, standing);
}

function holderOf(snapshot: Snapshot, standing: OwnedReservation): Holder {
  return { id: standing.id, shape: shapeOf(snapshot, standing), standing };
}

function firstEligible(snapshot: Snapshot, draft: Draft): Newcomer | null {
  const { policy, nowMs, isCordoned } = snapshot;
  if (policy.reserveAfterSeconds === null || isCordoned) return null;
  const latest = nowMs - policy.reserveAfterSeconds * 1000;
  let best: Newcomer | null = null;
  for (const [index, shape] of snapshot.waiting.entries()) {
    if (shape.oldest.queuedAtMs > latest || exceedsCapacity(snapshot, shape)) continue;
    const head = nextHead(snapshot, draft, index);
    if (head === null || head.queuedAtMs > latest) continue;
    const holder: Newcomer = { ...head, shape: index, standing: null };
    if (best === null || comesBefore(snapshot, holder, best)) best = holder;
  }
  return best;
}

function comesBefore({ waiting }: Snapshot, a: Newcomer, b: Newcomer): boolean {
  const difference = waiting[b.shape]!.priority - waiting[a.shape]!.priority;
  if (difference !== 0) return difference < 0;
  return a.queuedAtMs !== b.queuedAtMs ? a.queuedAtMs < b.queuedAtMs : a.id < b.id;
}

/** The oldest of a shape that the draft leaves waiting, as far as the snapshot names it. */
function nextHead(snapshot: Snapshot, draft: Draft, index: number): WaitingHead | null {
  const shape = snapshot.waiting[index]!;
  const started = draft.started[index]!;
  if (started >= shape.count) return null;
  const due = dueIn(draft, index);
  return headsBeside(shape, due)[started - due.size] ?? null;
}

function finish(
  snapshot: Snapshot,
  draft: Draft,
  reservation: OwnedReservation | null,
  events: readonly ReservationEvent[],
  isMoreDue: boolean,
): ReservedPlan {
  const wakeAtMs = isMoreDue ? snapshot.nowMs : nextWake(snapshot, draft, reservation);
  return { draft, reservation, events, wakeAtMs };
}

/**
 * The next time at which waiting alone changes something: a promise is due, a hold or lapse ends, somebody has waited long enough, or what runs
 * has run long enough to be given up.
 */
function nextWake(snapshot: Snapshot, draft: Draft, reservation: OwnedReservation | null): number | null {
  const { policy, nowMs, isCordoned } = snapshot;
  let wake = Infinity;
  if (reservation !== null) wake = Math.min(wake, reservation.untilMs);
  if (policy.reserveAfterSeconds !== null && !isCordoned) {
    for (const [index, shape] of snapshot.waiting.entries()) {
      if (reservation !== null && shape.priority <= reservation.priority) continue;
      if (exceedsCapacity(snapshot, shape)) continue;
      if (shape.count === draft.started[index]) continue;
      const head = nextHead(snapshot, draft, index);
      const eligibleAtMs = (head ?? shape.oldest).queuedAtMs + policy.reserveAfterSeconds * 1000;
      if (eligibleAtMs > nowMs) wake = Math.min(wake, eligibleAtMs);
      // All that are named start. Who is next is known to the next plan, and may have waited long enough already; but as long as nobody starts
      // except those that was nominated already, the next plan knows no more than this one.
      else if (head === null && draft.started[index]! > draft.nominated[index]!) wake = nowMs;
    }
  }
  wake = Math.min(wake, nextEligible(snapshot, draft));
  return wake === Infinity ? null : wake;
}

/** When the next of what runs has run for as long as the policy demands, while something of higher priority waits. */
function nextEligible(snapshot: Snapshot, draft: Draft): number {
  const { policy, nowMs, isCordoned, running, waiting } = snapshot;
  if (policy.preemption === 'never' || isCordoned) return Infinity;
  const highest = waiting.reduce(
    (most, shape, index) =>
      draft.started[index]! < shape.count && !exceedsCapacity(snapshot, shape) ? Math.max(most, shape.priority) : most,
    -Infinity,
  );
  return running.reduce((soonest, group) => {
    const atMs = eligibleAtMs(snapshot, group);
    return atMs !== null && atMs > nowMs && group.priority < highest ? Math.min(soonest, atMs) : soonest;
  }, Infinity);
}
