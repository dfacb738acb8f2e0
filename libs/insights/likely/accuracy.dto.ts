import { ArrayField, CountField, DecimalField, StringField } from '#http';

const SECONDS = { min: 0, max: Number.MAX_SAFE_INTEGER, maxDecimals: 3 };
const SHARE = { min: 0, max: 1, maxDecimals: 20 };

/** The most months of one answer. */
export const MAX_MONTHS = 120;

/** How right the forecasts of one month were. */
export class MonthAccuracyDto {
  @StringField({ description: 'The month in which they were made, in UTC.', min: 7, max: 7, example: '2026-11' })
  readonly month!: string;

  @CountField({
    description: 'How many recorded forecasts have come true or not: their deployments have started.',
    example: 4_210,
  })
  readonly predictions!: number;

  @DecimalField({
    description: 'The median distance between `startsAt` and the start, in seconds; null where nothing was declared.',
    ...SECONDS,
    nullable: true,
    example: 5_400,
  })
  readonly latestErrorSeconds!: number | null;

  @DecimalField({
    description: 'The median distance between `likely.p50` and the start, in seconds.',
    ...SECONDS,
    example: 900,
  })
  readonly likelyErrorSeconds!: number;

  @DecimalField({
    description: 'The share whose `startsAt` was within a minute or a tenth of the wait.',
    ...SHARE,
    example: 0.06,
  })
  readonly latestNear!: number;

  @DecimalField({
    description: 'The share whose `likely.p50` was within a minute or a tenth of the wait.',
    ...SHARE,
    example: 0.13,
  })
  readonly likelyNear!: number;

  @DecimalField({
    description: 'The share that started from `likely.p10` to `likely.p90`; 0.8 is right.',
    ...SHARE,
    example: 0.82,
  })
  readonly inRange!: number;
}

/** How right the forecasts of a cluster were. */
export class ForecastAccuracyDto {
  @ArrayField(() => MonthAccuracyDto, { description: 'By month, the latest first.', max: MAX_MONTHS })
  readonly months!: MonthAccuracyDto[];
}
