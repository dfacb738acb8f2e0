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

/** What a preemption costs a deployment. */
export class EventPreemptionDto {
  @IdField({
    description:
      'The first deployment that was to start in its place; it may have been cancelled since. Null where an earlier event names it.',
    nullable: true,
  })
  readonly preemptorId!: string | null;

  @IntegerField({
    description: 'The priority of the preemptor; null where an earlier event has it.',
    min: 0,
    max: 100,
    nullable: true,
    example: 90,
  })
  readonly priority!: number | null;

  @IntegerField({
    description: 'How long the lost attempt has held resources, in seconds; null while it is still stopping.',
    min: 0,
    max: MAX_INTEGER,
    nullable: true,
    example: 1234,
  })
  readonly lostSeconds!: number | null;
}

/** An event of a deployment. */
export class EventDto {
  @StringField({
    description:
      'Its position in the order of the organization: pass the last one that you have received to continue after it.',
    max: MAX_EVENT_ID,
    example: '4711-23',
  })
  readonly id!: string;

  @StringField({
    description:
      'The type: `deployment.` and the new status, or the cause where the status stays (`deployment.edited`). Other types may be added.',
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
    description: 'The number of the event in its deployment, from 1 without a gap.',
    min: 1,
    max: MAX_INTEGER,
    example: 2,
  })
  readonly sequence!: number;

  @IntegerField({
    description: 'The attempt of the deployment; the next one where it is queued again.',
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

  @EnumField(DEPLOYMENT_STATUSES, { description: 'The status after.', name: 'DeploymentStatus', example: 'scheduled' })
  readonly to!: DeploymentStatus;

  @StringField({ description: 'The cause of the transition.', max: 64, example: 'placed' })
  readonly cause!: string;

  @IdField({ description: 'The user or service account that did it; null where a pass did.', nullable: true })
  readonly actorId!: string | null;

  @IdField({ description: 'The pass that did it; null where a request did.', nullable: true })
  readonly passId!: string | null;

  @TimestampField({
    description:
      'When the runtime must have stopped it: an event of the type `deployment.stopping` asks for that. At that time its resources are released. Null where no stop is asked.',
    nullable: true,
  })
  readonly until!: string | null;

  @ObjectField(() => EventPreemptionDto, {
    description: 'The preemptor, and the cost of the preemption; null where it was not preempted.',
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
      'Only events after this one; `0-0` is before all of them. For streams the same as the header `Last-Event-ID`, which wins where both are sent. A stream without either begins with the next event.',
    max: MAX_EVENT_ID,
    optional: true,
    check: (text) =>
      positionOf(text) === undefined ? { code: 'invalid-event-id', message: 'must be the id of an event' } : undefined,
  });

/** A query for events of an organization. */
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

/** A query for events of a deployment. */
export class DeploymentEventsQuery extends PageQuery {
  @status()
  readonly status?: readonly DeploymentStatus[];

  @lastEventId()
  readonly lastEventId?: string;
}
