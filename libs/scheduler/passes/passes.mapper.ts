import { ResourceVector } from '#kernel';
import { toResources } from '#clusters';
import { present } from '#http';
import { startsOf, type OwnedReservation } from '#packing';

import { PassDetailDto, PassDto, type PassSnapshotDto, type ReservationDto } from './passes.dto.js';
import { type PassView, type RecordedSnapshot } from './passes.repository.js';
import { type PassDetail } from './passes.service.js';

/** The record of a pass, as the API shows it. */
export function toPassDto(pass: PassView): PassDto {
  return present(PassDto, fieldsOf(pass));
}

/** A pass with its snapshot. */
export function toPassDetailDto({ pass, recorded }: PassDetail): PassDetailDto {
  const snapshot = recorded === null ? null : toSnapshotDto(recorded);
  return present(PassDetailDto, { ...fieldsOf(pass), snapshot });
}

function fieldsOf({ reservation, reservationEvents, ...pass }: PassView) {
  return {
    ...pass,
    reservation: toReservationDto(reservation),
    reservationEvents: reservationEvents.map(({ id, kind, cause, promisedAtMs }) => ({
      deploymentId: id,
      kind,
      cause,
      promisedAt: timestampOf(promisedAtMs),
    })),
  };
}

function toSnapshotDto({ snapshot, plan }: RecordedSnapshot): PassSnapshotDto {
  const { capacity, isCordoned, running, waiting } = snapshot;
  const starts = startsOf(snapshot, plan);
  const allocated = running.map(({ resources, count }) => ResourceVector.of(resources).times(count));
  return {
    capacity: toResources(capacity),
    allocated: toResources(ResourceVector.sum(allocated)),
    cordoned: isCordoned,
    shapes: waiting
      .map(({ priority, request, maxRuntimeSeconds, count }, index) => ({
        priority,
        resources: toResources(request),
        maxRuntimeSeconds,
        waiting: count,
        placed: starts[index] ?? 0,
      }))
      .sort((a, b) => b.priority - a.priority),
    preempted: plan.preempt.map(({ id, group, by, lostSeconds }) => ({
      deploymentId: id,
      priority: running[group]?.priority ?? 0,
      preemptorPriority: waiting[by]?.priority ?? 0,
      lostSeconds,
    })),
  };
}

/** A reservation, as the API shows it. */
export function toReservationDto(reservation: OwnedReservation): ReservationDto;
export function toReservationDto(reservation: OwnedReservation | null): ReservationDto | null;
export function toReservationDto(reservation: OwnedReservation | null): ReservationDto | null {
  if (reservation === null) return null;
  const { id, state, sinceMs, untilMs } = reservation;
  return {
    deploymentId: id,
    state,
    since: new Date(sinceMs).toISOString(),
    promisedAt: timestampOf(state === 'promised' ? untilMs : null),
    until: timestampOf(state === 'promised' ? null : untilMs),
  };
}

function timestampOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
