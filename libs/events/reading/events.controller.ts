import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ClusterErrors } from '#clusters';
import { DeploymentParam, type DeploymentRef } from '#deployments';
import { AcceptsEventStream, ApiRoute, PageOf, type StreamRequest } from '#http';
import { CurrentAccess, type RevalidatingAccess, RequireRole, OrganizationParam } from '#rbac';

import { type EventsAnswer, EventsService } from './events.service.js';
import { DeploymentEventsQuery, EventDto, EventsQuery } from '../events.dto.js';
import { EventErrors } from '../events.errors.js';

const STREAM =
  'each event as a message whose `id` is the event’s and whose `data` is the event as JSON, oldest first, from now on or after the last one received. ' +
  'A comment, with an `id`, shows every few seconds that the stream is alive. A message `end` gives the reason when the stream ends: within 1 s (5 s without Redis) after access has ended, by removal, sign-out or deletion.';

const PROBLEMS = [EventErrors.EXPIRED, EventErrors.STREAM_LIMIT_REACHED, EventErrors.TOO_MANY_STREAMS];

/** Events of deployments, as a list or as a stream. */
@ApiTags('events')
@Controller('organizations/:organizationId')
export class EventsController {
  constructor(private readonly answers: EventsService) {}

  @Get('events')
  @Header('x-accel-buffering', 'no')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute({
    id: 'listEvents',
    summary: 'Read or follow events',
    description:
      'The events of the deployments of the organization, in one order for all readers, without a gap: an event is shown when all earlier ones are complete. ' +
      'As a list with `Accept: application/json`, as server-sent events with `Accept: text/event-stream`. To miss none: take the `id` of the newest event, read the deployments, and follow the stream from that id.',
    answer: PageOf(EventDto),
    stream: STREAM,
    problems: [...PROBLEMS, ClusterErrors.NOT_FOUND],
  })
  async ofOrganization(
    @CurrentAccess() access: RevalidatingAccess,
    @OrganizationParam() organizationId: string,
    @Query() query: EventsQuery,
    @AcceptsEventStream() stream: StreamRequest,
  ): Promise<EventsAnswer> {
    return this.answers.ofOrganization(access, organizationId, query, stream);
  }

  @Get('deployments/:deploymentId/events')
  @Header('x-accel-buffering', 'no')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute({
    id: 'listDeploymentEvents',
    summary: 'Read or follow the events of a deployment',
    description:
      'Every change of its status, oldest first, with cause and author. A list includes events that were just committed; a stream follows the order of the organization.',
    answer: PageOf(EventDto),
    stream: STREAM,
    problems: PROBLEMS,
  })
  async ofDeployment(
    @CurrentAccess() access: RevalidatingAccess,
    @DeploymentParam() deployment: DeploymentRef,
    @Query() query: DeploymentEventsQuery,
    @AcceptsEventStream() stream: StreamRequest,
  ): Promise<EventsAnswer> {
    return this.answers.ofDeployment(access, deployment, query, stream);
  }
}
