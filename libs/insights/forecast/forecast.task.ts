import { forecast, type Forecast, type Snapshot, type Standing } from '#packing';

import { timeBudget } from '../parts/time-budget.js';

/** When those start who are asked for. */
export interface ForecastTask {
  readonly snapshot: Snapshot;
  readonly standings: readonly Standing[];
  readonly forecastMs: number;
}

/** Plays the declared future. */
export function foresee({ snapshot, standings, forecastMs }: ForecastTask): Forecast {
  return forecast(snapshot, standings, { shouldStop: timeBudget(forecastMs) });
}
