import { present } from '#http';

import { eventIdOf } from './event-position.js';
import { type EventView } from './event-view.js';
import { EventDto } from './events.dto.js';

/** An event as lists and streams show it. */
export function toEventDto(event: EventView): EventDto {
  const { from, to, cause, preemptorId, preemptorPriority: priority, lostSeconds } = event;
  const isPreemption = priority !== null || lostSeconds !== null;
  return present(EventDto, {
    ...event,
    id: eventIdOf(event),
    type: `deployment.${from === to ? cause : to}`,
    preemption: isPreemption ? { preemptorId, priority, lostSeconds } : null,
  });
}
