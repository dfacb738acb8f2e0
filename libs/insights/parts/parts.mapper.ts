import { type Blocker, type BlockerView, viewOfBlocker } from '#packing';

import { type BlockerDto } from './blocker.dto.js';
import { type CandidateDto } from './preemption-analysis.dto.js';
import { type NamedCandidate } from './preemption-analysis.js';
import { type EtaDto } from './eta.dto.js';
import { type EtaView } from './eta.js';

/** A moment as the API writes it. */
export function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** A running deployment that is, or could be, preempted. */
export function toYieldingDto({ id, name, priority, lostSeconds }: NamedCandidate): CandidateDto {
  return { id, name, priority, lostSeconds };
}

/** A blocker, in the units of the API. */
export function toBlockerDto(blocker: Blocker): BlockerDto {
  return toShownBlockerDto(viewOfBlocker(blocker, timeOf));
}

/** A blocker that is in the units of the API. */
export function toShownBlockerDto(view: BlockerView): BlockerDto {
  return view.code === 'RESERVATION' || view.code === 'NOMINATED'
    ? { ...view, resources: view.resources.map((resource) => ({ ...resource })) }
    : { ...view };
}

/** When a deployment starts, as far as that is known. */
export function toEtaDto({ atMs, reason, horizonMs }: EtaView): EtaDto {
  return {
    startsAt: atMs === null ? null : timeOf(atMs),
    reason,
    horizon: horizonMs === null ? null : timeOf(horizonMs),
  };
}
