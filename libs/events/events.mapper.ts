import { eventIdOf } from './event-position.js';
import { type EventView } from './event-view.js';
import { type EventDto, type EventPreemptionDto } from './events.dto.js';

/** What of an event leaves the service, in lists and streams alike. */
export function toEventDto(event: EventView): EventDto {
  const { at, clusterId, deploymentId, sequence, attempt, from, to, cause, actorId, passId, until } = event;
  const type = `deployment.${from === to ? cause : to}`;
  return {
    id: eventIdOf(event),
    type,
    at,
    clusterId,
    deploymentId,
    sequence,
    attempt,
    from,
    to,
    cause,
    actorId,
    passId,
    until,
    preemption: toPreemptionDto(event),
  };
}

function toPreemptionDto({ preemptorId, preemptorPriority, lostSeconds }: EventView): EventPreemptionDto | null {
  if (preemptorPriority === null && lostSeconds === null) return null;
  return { preemptorId, priority: preemptorPriority, lostSeconds };
}
