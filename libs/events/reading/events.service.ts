import { Injectable, type StreamableFile } from '@nestjs/common';

import { type CursorPosition, EventStreams, type Page, Pages, RequestErrors, type StreamRequest } from '#http';
import { type RevalidatingAccess } from '#rbac';

import { type DeploymentRef, DeploymentsService } from '#deployments';
import { EventFollowing } from '../streams/event-following.js';
import { EventLog } from '../events.repository.js';
import { type EventPosition, positionOf } from '../event-position.js';
import { type EventFilter, type EventView } from '../event-view.js';
import { type DeploymentEventsQuery, type EventDto, type EventsQuery } from '../events.dto.js';
import { toEventDto } from '../events.mapper.js';

/** A page or a stream, as the request asks. */
export type EventsAnswer = Page<EventDto> | StreamableFile;

/** Presents events, as a page of a list or as a stream. */
@Injectable()
export class EventsService {
  constructor(
    private readonly log: EventLog,
    private readonly following: EventFollowing,
    private readonly deployments: DeploymentsService,
    private readonly pages: Pages,
    private readonly streams: EventStreams,
  ) {}

  /** Events of an organization. @throws EVENTS.EXPIRED, EVENTS.STREAM_LIMIT_REACHED, EVENTS.TOO_MANY_STREAMS, CLUSTERS.NOT_FOUND, REQUEST.INVALID_CURSOR */
  async ofOrganization(
    access: RevalidatingAccess,
    organizationId: string,
    query: EventsQuery,
    stream: StreamRequest,
  ): Promise<EventsAnswer> {
    const { clusterId, deploymentId, status: statuses, sort } = query;
    const filter = { clusterId, deploymentId, statuses };
    const lastSeen = lastSeenOf(query, stream);
    if (stream.isAccepted) return this.stream(access, organizationId, filter, lastSeen);
    const request = this.pages.open('events', { organizationId }, query);
    if (lastSeen !== undefined) await this.log.begin(organizationId, lastSeen);
    const cursor = request.after === undefined ? undefined : positionOf(String(request.after[0]));
    const slice = { newestFirst: sort === 'newest', take: request.take, cursor, lastSeen };
    const { events, end } = await this.log.list(access.actor, organizationId, filter, slice);
    const positionIn = (event: EventView): CursorPosition => [toEventDto(event).id];
    return request.of(events, positionIn, toEventDto, end && positionIn(end));
  }

  /** Events of a deployment. @throws DEPLOYMENTS.NOT_FOUND, EVENTS.EXPIRED, EVENTS.STREAM_LIMIT_REACHED, EVENTS.TOO_MANY_STREAMS, REQUEST.INVALID_CURSOR */
  async ofDeployment(
    access: RevalidatingAccess,
    deployment: DeploymentRef,
    query: DeploymentEventsQuery,
    stream: StreamRequest,
  ): Promise<EventsAnswer> {
    const { organizationId, deploymentId } = deployment;
    const { clusterId } = await this.deployments.read(access.actor, deployment);
    const { status: statuses } = query;
    const lastSeen = lastSeenOf(query, stream);
    if (stream.isAccepted) {
      return this.stream(access, organizationId, { clusterId, deploymentId, statuses }, lastSeen);
    }
    const request = this.pages.open('deployment-events', deployment, query);
    const after = Number(request.after?.[0] ?? 0);
    const slice = { statuses, take: request.take, after, lastSeen };
    const events = await this.log.listOfDeployment(organizationId, deploymentId, slice);
    return request.of(events, ({ sequence }) => [sequence], toEventDto);
  }

  private async stream(
    access: RevalidatingAccess,
    organizationId: string,
    filter: EventFilter,
    lastSeen: EventPosition | undefined,
  ): Promise<StreamableFile> {
    return this.streams.answer(await this.following.follow({ access, organizationId, filter, lastSeen }));
  }
}

/** The last event that a reader has received: by the header, which browsers send when they reconnect, else by the query. */
function lastSeenOf(
  { lastEventId, cursor }: Pick<EventsQuery, 'lastEventId' | 'cursor'>,
  stream: StreamRequest,
): EventPosition | undefined {
  if (stream.isAccepted && cursor !== undefined) {
    throw RequestErrors.INVALID.because('A stream has no pages: it continues after lastEventId.', {}, [
      { pointer: 'cursor', code: 'not-in-stream', message: 'has no meaning for a stream' },
    ]);
  }
  const id = (stream.isAccepted ? stream.lastEventId : undefined) ?? lastEventId;
  if (id === undefined) return undefined;
  const position = positionOf(id);
  if (position === undefined) {
    throw RequestErrors.INVALID.because('Last-Event-ID must be the id of an event.', {}, [
      { pointer: 'Last-Event-ID', code: 'invalid-event-id', message: 'must be the id of an event' },
    ]);
  }
  return position;
}
