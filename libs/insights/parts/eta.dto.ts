import { EnumField, TimestampField } from '#http';
import { type NoForecast } from '#packing';

import { type EtaView } from './eta.js';

const NO_FORECAST = ['too-large', 'stopped', 'runtimes-undeclared', 'horizon', 'retrying'] as const satisfies readonly (
  NoForecast | NonNullable<EtaView['reason']>
)[];

/** When a deployment starts, if nothing else is submitted and everything ends when it declared. */
export class EtaDto {
  @TimestampField({ description: 'When it starts; null where that is not known.', nullable: true })
  readonly startsAt!: string | null;

  @EnumField(NO_FORECAST, {
    description:
      'Why it is not known. `runtimes-undeclared`: of what would have to end first, something declares no runtime. `horizon`: the future was played only as far as `horizon`.',
    name: 'NoForecast',
    nullable: true,
    example: null as never,
  })
  readonly reason!: (typeof NO_FORECAST)[number] | null;

  @TimestampField({ description: 'How far the future was played; null: to its end.', nullable: true })
  readonly horizon!: string | null;
}
