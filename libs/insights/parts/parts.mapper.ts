import { type Presentable } from '#http';
import { type Blocker, type BlockerView, viewOfBlocker } from '#packing';

import { type EtaDto } from './eta.dto.js';
import { type EtaView } from './eta.js';

/** A moment as the API writes it. */
export function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** A blocker, in the units of the API. */
export function toBlockerView(blocker: Blocker): BlockerView {
  return viewOfBlocker(blocker, timeOf);
}

/** When a deployment starts, as far as that is known. */
export function toEta({ atMs, likely, reason, horizonMs }: EtaView): Presentable<EtaDto> {
  return {
    startsAt: atMs === null ? null : timeOf(atMs),
    likely: likely === null ? null : { p10: timeOf(likely.p10), p50: timeOf(likely.p50), p90: timeOf(likely.p90) },
    reason,
    horizon: horizonMs === null ? null : timeOf(horizonMs),
  };
}
