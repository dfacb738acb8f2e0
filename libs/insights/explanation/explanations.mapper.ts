import { toResources } from '#clusters';
import { viewOfReserved } from '#packing';
import { toReservationDto } from '#scheduler';

import { toComparisonDto } from '../comparison/comparison.mapper.js';
import { type PreemptionAnalysisDto } from '../parts/preemption-analysis.dto.js';
import { type PreemptionAnalysisView, MAX_CANDIDATES } from '../parts/preemption-analysis.js';
import { timeOf, toBlockerDto, toEtaDto, toYieldingDto } from '../parts/parts.mapper.js';
import { type ExplanationDto, type ExplanationQuery, type UnlockDto } from './explanations.dto.js';
import { type ExplanationView, type ExplanationOptions, type NamedUnlock } from './explanations.service.js';

/** How long the future is played, in milliseconds. */
const EFFORT = { none: 0, quick: 100, full: 2_000 } as const;

/** What is asked for. */
export function toOptions({ unlocks, eta, compareWith }: ExplanationQuery): ExplanationOptions {
  return { unlocks, forecastMs: EFFORT[eta], compareWith: compareWith ?? null };
}

/** What of an explanation leaves the service. */
export function toExplanationDto(view: ExplanationView): ExplanationDto {
  const { deployment, unlocks, eta, comparison, reservation, preemption } = view;
  return {
    deploymentId: deployment.id,
    status: deployment.status,
    asOf: timeOf(view.asOfMs),
    position: view.position,
    startsNext: view.startsNext,
    sentence: view.sentence,
    blockers: view.blockers.map(toBlockerDto),
    reservation: reservation === null ? null : toReservationDto(reservation),
    preemption: preemption === null ? null : toPreemptionAnalysisDto(preemption),
    unlocks: unlocks === null ? null : unlocks.map(toUnlockDto),
    truncatedKinds: [...view.cut],
    eta: eta === null ? null : toEtaDto(eta),
    comparison: comparison === null ? null : toComparisonDto(comparison),
  };
}

function toPreemptionAnalysisDto(view: PreemptionAnalysisView): PreemptionAnalysisDto {
  const { isAllowed, sentence, victims, candidates, ineligible, shortfall } = view;
  return {
    allowed: isAllowed,
    sentence,
    victims: victims.slice(0, MAX_CANDIDATES).map(toYieldingDto),
    candidates: candidates.slice(0, MAX_CANDIDATES).map(toYieldingDto),
    ineligible: ineligible.map(({ reason, deployments, untilMs }) => ({
      reason,
      deployments,
      until: untilMs === null ? null : timeOf(untilMs),
    })),
    shortfall: shortfall.map(viewOfReserved),
  };
}

function toUnlockDto(unlock: NamedUnlock): UnlockDto {
  if (unlock.kind === 'time') return { kind: unlock.kind, startsAt: timeOf(unlock.atMs) };
  const { untilMs } = unlock;
  return Object.assign(toKeyDto(unlock), untilMs === null ? {} : { startsBy: timeOf(untilMs) });
}

function toKeyDto(unlock: Exclude<NamedUnlock, { kind: 'time' }>): UnlockDto {
  switch (unlock.kind) {
    case 'nothing':
      return { kind: unlock.kind };
    case 'request':
      return { kind: unlock.kind, less: toResources(unlock.less), request: toResources(unlock.request) };
    case 'capacity':
      return { kind: unlock.kind, more: toResources(unlock.more), capacity: toResources(unlock.capacity) };
    case 'ended':
      return {
        kind: unlock.kind,
        deployments: unlock.deployments.map(({ id, name }) => ({ id, name })),
        fewest: unlock.isFewest,
      };
    case 'priority':
      return { kind: unlock.kind, priority: unlock.priority };
    case 'policy':
      return { kind: unlock.kind, preemption: unlock.preemption };
  }
}
