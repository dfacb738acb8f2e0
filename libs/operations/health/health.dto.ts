import { EnumField, ObjectField } from '#http';

/** That the process lives. */
export class LiveDto {
  @EnumField(['live'], { description: 'The event loop answers.', example: 'live' })
  readonly status!: 'live';
}

/** That the process has started. */
export class StartedDto {
  @EnumField(['started'], { description: 'The process could serve, once at least.', example: 'started' })
  readonly status!: 'started';
}

/** What the process depends on. */
export class ReadyChecksDto {
  @EnumField(['up', 'down'], { description: 'PostgreSQL answers.', example: 'up' })
  readonly database!: 'up' | 'down';

  @EnumField(['current', 'pending', 'unknown'], {
    description: 'The schema is the one that this build needs.',
    example: 'current',
  })
  readonly migrations!: 'current' | 'pending' | 'unknown';

  @EnumField(['up', 'down'], {
    description: 'Redis answers. Without it everything works, a second later at the most.',
    example: 'up',
  })
  readonly redis!: 'up' | 'down';
}

/** Whether the process can serve. */
export class ReadyDto {
  @EnumField(['ready', 'degraded'], { description: '`degraded`: serves, but without Redis.', example: 'ready' })
  readonly status!: 'ready' | 'degraded';

  @ObjectField(() => ReadyChecksDto, { description: 'Each thing that the process depends on.' })
  readonly checks!: ReadyChecksDto;
}
