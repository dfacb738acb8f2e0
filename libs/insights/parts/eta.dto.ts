import { EnumField, ObjectField, TimestampField } from '#http';
import { type NoForecast } from '#packing';

import { type EtaView } from './eta.js';

const NO_FORECAST = ['too-large', 'stopped', 'runtimes-undeclared', 'horizon', 'retrying'] as const satisfies readonly (
  NoForecast | NonNullable<EtaView['reason']>
)[];

/** When a start is likely. */
export class LikelyStartDto {
  @TimestampField({ description: 'One of ten starts comes before this time.' })
  readonly p10!: string;

  @TimestampField({ description: 'The likely start: as often too early as too late.' })
  readonly p50!: string;

  @TimestampField({ description: 'One of ten starts comes after this time.' })
  readonly p90!: string;
}

/** When a deployment starts, if nothing else is submitted and everything ends when it declared; and when that is likely. */
export class EtaDto {
  @TimestampField({
    description:
      'When it starts if everything runs as long as it declared and nothing else is submitted: a late time, since most end sooner; null where that is not known. What is promised is in `reservation` (`until`): it starts then at the latest.',
    nullable: true,
  })
  readonly startsAt!: string | null;

  @ObjectField(() => LikelyStartDto, {
    description:
      'When it is likely to start, by how long such deployments ran and how right such times were in this cluster. It is no promise. null where too little is known.',
    nullable: true,
  })
  readonly likely!: LikelyStartDto | null;

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
