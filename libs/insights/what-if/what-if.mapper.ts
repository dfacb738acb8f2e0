import { toAmounts, toVector } from '#clusters';
import { present } from '#http';
import { sentenceOf, type OwnedReservation } from '#packing';
import { toReservationDto } from '#scheduler';

import { timeOf, toBlockerView } from '../parts/parts.mapper.js';
import { timeInWords } from '../parts/time-in-words.js';
import { type ReservationChangeDto, WhatIfAnswerDto, type WhatIfDto } from './what-if.dto.js';
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
    amendments: changes.map(({ resources, ...change }) =>
      resources === undefined ? change : { ...change, request: toVector(resources).toAmounts() },
    ),
    ended,
    capacity: capacity === undefined ? {} : toAmounts(capacity),
    policy: policy ?? {},
    isCordoned: cordoned ?? null,
  };
}

/** What of the answer leaves the service. */
export function toWhatIfAnswerDto(view: WhatIfView): WhatIfAnswerDto {
  return present(WhatIfAnswerDto, {
    ...view,
    asOf: timeOf(view.asOfMs),
    nominations: view.nominations.map(({ id, untilMs }) => ({ id, until: timeOf(untilMs) })),
    deployments: view.additions.map(withReasons),
    changes: view.amendments.map(withReasons),
    reservation: toReservationChangeDto(view.reservation),
  });
}

function withReasons({ blockers, ...outcome }: NamedOutcome) {
  const sentence = blockers.length === 0 ? null : sentenceOf(blockers, timeInWords);
  return { ...outcome, sentence, blockers: blockers.map(toBlockerView) };
}

function toReservationChangeDto({ before, after }: WhatIfView['reservation']): ReservationChangeDto {
  const what = (reservation: OwnedReservation | null): string =>
    JSON.stringify([reservation?.id, reservation?.state, reservation?.state === 'promised' && reservation.untilMs]);
  return { before: toReservationDto(before), after: toReservationDto(after), moves: what(before) !== what(after) };
}
