import { ArrayField, IdField, IntegerField, MAX_PAGE_SIZE, TimestampField } from '#http';

import { EtaDto } from '../parts/eta.dto.js';

/** How much is asked for. */
export class ForecastQuery {
  @IntegerField({
    description: 'How many deployments.',
    min: 1,
    max: MAX_PAGE_SIZE,
    default: MAX_PAGE_SIZE,
    example: 20,
  })
  readonly limit!: number;
}

/** When one of a queue starts. */
export class ForecastItemDto extends EtaDto {
  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @IntegerField({ description: 'Its priority.', min: 0, max: 100, example: 50 })
  readonly priority!: number;
}

/** When the first of a queue start. */
export class ForecastDto {
  @TimestampField({ description: 'When this was true.' })
  readonly asOf!: string;

  @ArrayField(() => ForecastItemDto, { description: 'By rank: priority, age, id.', max: MAX_PAGE_SIZE })
  readonly items!: ForecastItemDto[];
}
