import { DeploymentEventSchema } from './deployment-event.entity.js';
import { EventHorizonSchema } from './event-horizon.entity.js';

export { EventLog, type EventPage, type EventMark } from './events.repository.js';
export { compare, eventIdOf, type EventPosition, positionOf } from './event-position.js';
export { type EventFilter, type EventView } from './event-view.js';
export { EventsModule } from './events.module.js';
export { EventDelay, EventDelayModule, type EventDelayView } from './order/event-delay.js';

/** The tables of this lib. */
export const eventEntities = [DeploymentEventSchema, EventHorizonSchema];
