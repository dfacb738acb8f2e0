import {
  forecast,
  type Forecast,
  type KnownRuntimes,
  type LikelyWait,
  likelyWaits,
  type QueuePosition,
  type Snapshot,
} from '#packing';

import type { TaskClock } from '#scheduler';

/** When those start that are asked for: by what is declared, and by what was learned. */
export interface ForecastTask {
  readonly snapshot: Snapshot;
  readonly positions: readonly QueuePosition[];
  readonly known: KnownRuntimes;
  /** How long the declared future may be played, and how long the drawn ones, in milliseconds. */
  readonly forecastMs: number;
  readonly likelyMs: number;
}

/** The starts that the declared future leads to, and the likely ones. */
export interface Foreseen {
  readonly forecast: Forecast;
  readonly likely: readonly LikelyWait[];
}

/** Plays the declared future, and then some that are drawn. */
export function foresee(
  { snapshot, positions, known, forecastMs, likelyMs }: ForecastTask,
  clock: TaskClock,
): Foreseen {
  return {
    forecast: forecast(snapshot, positions, { shouldStop: clock.within(forecastMs) }),
    likely: likelyWaits(snapshot, positions, known, { shouldStop: clock.within(likelyMs) }),
  };
}
