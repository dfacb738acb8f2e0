import { forecast, type Forecast, type Snapshot, type QueuePosition } from '#packing';

import type { TaskClock } from '#scheduler';

/** When those start who are asked for. */
export interface ForecastTask {
  readonly snapshot: Snapshot;
  readonly positions: readonly QueuePosition[];
}

/** Plays the declared future. */
export function foresee({ snapshot, positions }: ForecastTask, { shouldStop }: TaskClock): Forecast {
  return forecast(snapshot, positions, { shouldStop });
}
