import { toAmounts, toVector } from '#clusters';
import { present } from '#http';
import { type PlanningPolicy, sentenceOf, type OwnedReservation } from '#packing';
import { CertificateDto, toReservationDto } from '#scheduler';

import { timeOf, toBlockerDto, toYieldingDto } from '../parts/parts.mapper.js';
import { timeInWords } from '../parts/time-in-words.js';
import {
  type AdditionOutcomeDto,
  type PlanningPolicyDto,
  type ReservationChangeDto,
  type WhatIfAnswerDto,
  type WhatIfDto,
} from './what-if.dto.js';
import { type NamedOutcome, type WhatIfView } from './what-if-answer.js';
import { type WhatIfRequest } from './what-if-request.js';

/** The request, in stored units. */
export function toRequest({ deployments, changes, ended, capacity, policy, cordoned }: WhatIfDto): WhatIfRequest {
  return {
    additions: deployments.map(({ resources, priority, maxRuntimeSeconds, count }) => ({
      priority,
      request: toVector(resources).toAmounts(),
      maxRuntimeSeconds: maxRuntimeSeconds ?? null,
      count,
    })),
    amendments: changes.map(({ id, resources, priority, maxRuntimeSeconds }) => ({
      id,
      ...(resources === undefined ? {} : { request: toVector(resources).toAmounts() }),
      ...(priority === undefined ? {} : { priority }),
      ...(maxRuntimeSeconds === undefined ? {} : { maxRuntimeSeconds }),
    })),
    ended,
    capacity: capacity === undefined ? {} : toAmounts(capacity),
    policy: policy === undefined ? {} : toPolicyChanges(policy),
    isCordoned: cordoned ?? null,
  };
}

/** What of a policy is to be different. Null is an answer: nothing is ever reserved. */
export function toPolicyChanges(changes: PlanningPolicyDto): Partial<PlanningPolicy> {
  const { searchSteps, reserveAfterSeconds, reserveHoldSeconds } = changes;
  const { preemption, preemptAfterSeconds, maxPreemptions, stopGraceSeconds } = changes;
  return {
    ...(searchSteps === undefined ? {} : { searchSteps }),
    ...(reserveAfterSeconds === undefined ? {} : { reserveAfterSeconds }),
    ...(reserveHoldSeconds === undefined ? {} : { reserveHoldSeconds }),
    ...(preemption === undefined ? {} : { preemption }),
    ...(preemptAfterSeconds === undefined ? {} : { preemptAfterSeconds }),
    ...(maxPreemptions === undefined ? {} : { maxPreemptions }),
    ...(stopGraceSeconds === undefined ? {} : { stopGraceSeconds }),
  };
}

/** What of the answer leaves the service. */
export function toWhatIfAnswerDto(view: WhatIfView): WhatIfAnswerDto {
  const { reservation, certificate, placed, nominated } = view;
  return {
    asOf: timeOf(view.asOfMs),
    starts: [...view.starts],
    nominations: view.nominations.map(({ id, untilMs }) => ({ id, until: timeOf(untilMs) })),
    waits: [...view.waits],
    placed: { before: placed.before, after: placed.after },
    nominated: { before: nominated.before, after: nominated.after },
    preempted: { before: view.preempted.before, after: view.preempted.after },
    victims: view.victims.map((victim) => Object.assign(toYieldingDto(victim), { preemptorId: victim.preemptorId })),
    deployments: view.additions.map(toOutcomeDto),
    changes: view.amendments.map(toOutcomeDto),
    reservation: toReservationChangeDto(reservation),
    certificate: {
      before: present(CertificateDto, certificate.before),
      after: present(CertificateDto, certificate.after),
    },
  };
}

function toOutcomeDto({ id, starts, waits, nominations, blockers }: NamedOutcome): AdditionOutcomeDto {
  return {
    id,
    starts,
    waits,
    nominations,
    sentence: blockers.length === 0 ? null : sentenceOf(blockers, timeInWords),
    blockers: blockers.map(toBlockerDto),
  };
}

function toReservationChangeDto({ before, after }: WhatIfView['reservation']): ReservationChangeDto {
  const what = (reservation: OwnedReservation | null): string =>
    JSON.stringify([reservation?.id, reservation?.state, reservation?.state === 'promised' && reservation.untilMs]);
  return {
    before: before === null ? null : toReservationDto(before),
    after: after === null ? null : toReservationDto(after),
    moves: what(before) !== what(after),
  };
}
