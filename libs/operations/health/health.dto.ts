import { EnumField, IntegerField, ObjectField, StringField } from '#http';

/** Liveness of the process. */
export class LiveDto {
  @EnumField(['live'], { description: 'The event loop answers.', example: 'live' })
  readonly status!: 'live';
}

/** Startup of the process. */
export class StartedDto {
  @EnumField(['started'], { description: 'The process could serve, once at least.', example: 'started' })
  readonly status!: 'started';
}

/** The services that the process depends on. */
export class ReadyChecksDto {
  @EnumField(['up', 'down'], { description: 'PostgreSQL answers.', example: 'up' })
  readonly database!: 'up' | 'down';

  @EnumField(['current', 'pending', 'unknown'], {
    description: 'The schema is the one that this build needs.',
    example: 'current',
  })
  readonly migrations!: 'current' | 'pending' | 'unknown';

  @EnumField(['up', 'down'], {
    description: 'Redis answers. Without it, a pass starts up to a second later.',
    example: 'up',
  })
  readonly redis!: 'up' | 'down';

  @EnumField(['current', 'delayed'], {
    description:
      'Events are shown as they happen, or an open transaction of the database has delayed them for ten seconds or more.',
    example: 'current',
  })
  readonly events!: 'current' | 'delayed';

  @EnumField(['free', 'full'], {
    description:
      'There is room, or the storage is full up to its reserve: nothing new is accepted (507), everything else goes on.',
    example: 'free',
  })
  readonly storage!: 'free' | 'full';
}

/** The open transaction that delays events. */
export class EventDelayDto {
  @IntegerField({
    description: 'The server process of its session; null for a prepared transaction.',
    min: 0,
    max: 2_147_483_647,
    nullable: true,
    example: 4711,
  })
  readonly pid!: number | null;

  @StringField({
    description:
      'The application name of its session, or the name of the prepared transaction; null where neither is known.',
    max: 256,
    nullable: true,
    example: 'psql',
  })
  readonly name!: string | null;

  @IntegerField({
    description: 'The age of the transaction, in seconds: events are delayed by this time at most.',
    min: 0,
    max: 2_147_483_647,
    example: 42,
  })
  readonly seconds!: number;
}

/** Readiness of the process. */
export class ReadyDto {
  @EnumField(['ready', 'degraded'], {
    description: '`degraded`: serves, but without Redis, with delayed events, or with a full storage.',
    example: 'ready',
  })
  readonly status!: 'ready' | 'degraded';

  @ObjectField(() => ReadyChecksDto, { description: 'State of each service that the process depends on.' })
  readonly checks!: ReadyChecksDto;

  @ObjectField(() => EventDelayDto, {
    description: 'The transaction that has delayed events for ten seconds or more; null where none does.',
    nullable: true,
  })
  readonly eventsDelayedBy!: EventDelayDto | null;
}
