import { ResourceVector } from '#kernel';
import { toResources } from '#clusters';
import { startsOf, type StandingReservation } from '#packing';

import { type KeptSight } from './pass-sights.js';

import { type PassCertificate } from './pass-record.js';
import {
  type CertificateDto,
  type LevelCertificateDto,
  type PassDetailDto,
  type PassDto,
  type ReservationDto,
  type SightDto,
} from './passes.dto.js';
import { type PassDetail, type PassView } from './passes.service.js';

/** What of a pass leaves the service. */
export function toPassDto(pass: PassView): PassDto {
  const { certificate, durationsMs } = pass;
  return {
    id: pass.id,
    wokenBy: pass.wokenBy,
    startedAt: pass.startedAt,
    finishedAt: pass.finishedAt,
    waiting: pass.waiting,
    shapes: pass.shapes,
    placed: pass.placed,
    released: pass.released,
    timedOut: pass.timedOut,
    preempted: pass.preempted,
    isPartial: pass.isPartial,
    certificate: toCertificateDto(certificate),
    reservation: pass.reservation === null ? null : toReservationDto(pass.reservation),
    reservationEvents: pass.reservationEvents.map(({ id, kind, cause, promisedAtMs }) => ({
      deploymentId: id,
      kind,
      cause,
      promisedAt: timestampOf(promisedAtMs),
    })),
    durationsMs: {
      settle: durationsMs.settle,
      snapshot: durationsMs.snapshot,
      plan: durationsMs.plan,
      apply: durationsMs.apply,
    },
  };
}

/** A pass with what it saw. */
export function toPassDetailDto({ pass, sight }: PassDetail): PassDetailDto {
  return Object.assign(toPassDto(pass), { saw: sight === null ? null : toSightDto(sight) });
}

function toSightDto({ snapshot, plan }: KeptSight): SightDto {
  const { capacity, isCordoned, running, waiting } = snapshot;
  const starts = startsOf(snapshot, plan);
  const held = running.map(({ resources, count }) => ResourceVector.of(resources).times(count));
  return {
    capacity: toResources(capacity),
    allocated: toResources(ResourceVector.sum(held)),
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

/** How good a plan is, as the API shows it. */
export function toCertificateDto({ optimal, stopped, steps, levels, utilization }: PassCertificate): CertificateDto {
  return {
    optimal,
    stopped,
    steps,
    levels: levels.map(toLevelDto),
    utilization: { value: utilization.value, upperBound: utilization.upperBound },
  };
}

function toLevelDto({ priority, placed, upperBound, kept }: PassCertificate['levels'][number]): LevelCertificateDto {
  const level = { priority, placed, upperBound };
  if (kept === undefined) return level;
  return { ...level, kept: { of: kept.of, count: kept.count, work: kept.work, upperBound: kept.upperBound } };
}

/** A reservation, as the API shows it. */
export function toReservationDto({ id, state, sinceMs, promisedAtMs, untilMs }: StandingReservation): ReservationDto {
  return {
    deploymentId: id,
    state,
    since: new Date(sinceMs).toISOString(),
    promisedAt: timestampOf(promisedAtMs),
    until: timestampOf(untilMs),
  };
}

function timestampOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
