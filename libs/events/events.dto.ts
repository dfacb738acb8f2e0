import {
  enumRule,
  EnumField,
  IdField,
  IntegerField,
  ListField,
  ObjectField,
  PageQuery,
  StringField,
  TimestampField,
} from '#http';

import { DEPLOYMENT_STATUSES, type DeploymentStatus } from '#deployments';
import { MAX_EVENT_ID, positionOf } from './event-position.js';

const MAX_INTEGER = 2_147_483_647;

/** The orders in which a list of events can be read. */
export const EVENT_SORTS = ['newest', 'oldest'] as const;

export type EventSort = (typeof EVENT_SORTS)[number];

/** What a deployment gives up for others. */
export class EventPreemptionDto {
  @IdField({
    description:
      'The first of those that were to start in its place when it was asked to stop, or given up; it may have been cancelled since. Null where an event before has said it.',
    nullable: true,
  })
  readonly preemptorId!: string | null;

  @IntegerField({
    description: 'The priority that it gives way to; null where an event before has said it.',
    min: 0,
    max: 100,
    nullable: true,
    example: 90,
  })
  readonly priority!: number | null;

  @IntegerField({
    description: 'How long its attempt has held resources for nothing, in seconds; null while it still stops.',
    min: 0,
    max: MAX_INTEGER,
    nullable: true,
    example: 1234,
  })
  readonly lostSeconds!: number | null;
}

/** Something that happened. */
export class EventDto {
  @StringField({
    description: 'Its place in the order of the organization: pass the last one that you have seen to go on after it.',
    max: MAX_EVENT_ID,
    example: '4711-23',
  })
  readonly id!: string;

  @StringField({
    description:
      'What kind of event it is: `deployment.` and the status that it led to, or what happened where that stayed (`deployment.edited`). Other kinds may be added.',
    max: 64,
    example: 'deployment.scheduled',
  })
  readonly type!: string;

  @TimestampField({ description: 'When it happened.' })
  readonly at!: string;

  @IdField({ description: 'The cluster.' })
  readonly clusterId!: string;

  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @IntegerField({
    description: 'Which event of its deployment, from 1 without a gap.',
    min: 1,
    max: MAX_INTEGER,
    example: 2,
  })
  readonly sequence!: number;

  @IntegerField({
    description: 'Which attempt of the deployment; of what waits again, the one to come.',
    min: 1,
    max: MAX_INTEGER,
    example: 1,
  })
  readonly attempt!: number;

  @EnumField(DEPLOYMENT_STATUSES, {
    description: 'The status before; null for the submission.',
    name: 'DeploymentStatus',
    nullable: true,
    example: 'queued',
  })
  readonly from!: DeploymentStatus | null;

  @EnumField(DEPLOYMENT_STATUSES, {
    description: 'The status after.',
    name: 'DeploymentStatus',
    example: 'scheduled',
  })
  readonly to!: DeploymentStatus;

  @StringField({ description: 'Why.', max: 64, example: 'placed' })
  readonly cause!: string;

  @IdField({ description: 'The user or service account that did it; null where a pass did.', nullable: true })
  readonly actorId!: string | null;

  @IdField({ description: 'The pass that did it; null where somebody did.', nullable: true })
  readonly passId!: string | null;

  @TimestampField({
    description:
      'By when the runtime is to stop it: an event of the type `deployment.stopping` asks for that. At that time its resources are given to others. Null where nothing is asked.',
    nullable: true,
  })
  readonly until!: string | null;

  @ObjectField(() => EventPreemptionDto, {
    description: 'For whom it gives way, and what that costs; null where it does not.',
    nullable: true,
  })
  readonly preemption!: EventPreemptionDto | null;
}

const status = (): PropertyDecorator =>
  ListField(enumRule(DEPLOYMENT_STATUSES, { description: 'A status.' }), {
    description: 'Only events that led to one of these statuses.',
    min: 1,
    max: DEPLOYMENT_STATUSES.length,
    optional: true,
    example: ['failed', 'timed_out'],
  });

const lastEventId = (): PropertyDecorator =>
  StringField({
    description:
      'Only events after this one; `0-0` stands before all of them. For streams the same as the header `Last-Event-ID`, which counts where both are sent. A stream without either begins with what happens next.',
    max: MAX_EVENT_ID,
    optional: true,
    check: (text) =>
      positionOf(text) === undefined ? { code: 'invalid-event-id', message: 'must be the id of an event' } : undefined,
  });

/** Which events of an organization to read. */
export class EventsQuery extends PageQuery {
  @IdField({ description: 'Only events in this cluster.', optional: true })
  readonly clusterId?: string;

  @IdField({ description: 'Only events of this deployment.', optional: true })
  readonly deploymentId?: string;

  @status()
  readonly status?: readonly DeploymentStatus[];

  @lastEventId()
  readonly lastEventId?: string;

  @EnumField(EVENT_SORTS, {
    description: 'The order of the list; streams are always oldest first.',
    name: 'EventSort',
    default: 'newest',
  })
  readonly sort!: EventSort;
}

/** Which events of a deployment to read. */
export class DeploymentEventsQuery extends PageQuery {
  @status()
  readonly status?: readonly DeploymentStatus[];

  @lastEventId()
  readonly lastEventId?: string;
}
