import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule } from '#deployments';

import { EventLog } from './events.repository.js';
import { EventsService } from './reading/events.service.js';
import { EventsController } from './reading/events.controller.js';
import { EventFeeds } from './streams/event-feeds.js';
import { EventFollowing } from './streams/event-following.js';

/** The ordered log of what happens to deployments: as lists, as streams, and as a port ({@link EventLog}) for other consumers. */
@Module({
  imports: [ClustersModule, DeploymentsModule],
  controllers: [EventsController],
  providers: [EventLog, EventFeeds, EventFollowing, EventsService],
  exports: [EventLog],
})
export class EventsModule {}
