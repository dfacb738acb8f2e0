import { EnumField, ObjectField } from '#http';

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
}

/** Readiness of the process. */
export class ReadyDto {
  @EnumField(['ready', 'degraded'], { description: '`degraded`: serves, but without Redis.', example: 'ready' })
  readonly status!: 'ready' | 'degraded';

  @ObjectField(() => ReadyChecksDto, { description: 'State of each service that the process depends on.' })
  readonly checks!: ReadyChecksDto;
}
