import { forecast, type Forecast, type Snapshot, type QueuePosition } from '#packing';

import { timeBudget } from '../parts/time-budget.js';

/** When those start who are asked for. */
export interface ForecastTask {
  readonly snapshot: Snapshot;
  readonly positions: readonly QueuePosition[];
  readonly forecastMs: number;
}

/** Plays the declared future. */
export function foresee({ snapshot, positions, forecastMs }: ForecastTask): Forecast {
  return forecast(snapshot, positions, { shouldStop: timeBudget(forecastMs) });
}
