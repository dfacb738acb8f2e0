import { toResources } from '#clusters';
import { present } from '#http';
import { viewOfReserved } from '#packing';
import { toReservationDto } from '#scheduler';

import { toComparison } from '../comparison/comparison.mapper.js';
import { type PreemptionAnalysisView, MAX_CANDIDATES } from '../parts/preemption-analysis.js';
import { timeOf, toBlockerView, toEta } from '../parts/parts.mapper.js';
import { ExplanationDto, type ExplanationQuery } from './explanations.dto.js';
import { type ExplanationView, type ExplanationOptions, type NamedUnlock } from './explanations.service.js';

/** How long the future is played, in milliseconds. */
const EFFORT = { none: 0, quick: 100, full: 2_000 } as const;

/** What is asked for. */
export function toOptions({ unlocks, eta, compareWith }: ExplanationQuery): ExplanationOptions {
  return { unlocks, forecastMs: EFFORT[eta], compareWith: compareWith ?? null };
}

/** What of an explanation leaves the service. */
export function toExplanationDto(view: ExplanationView): ExplanationDto {
  const { deployment, unlocks, eta, comparison, preemption } = view;
  return present(ExplanationDto, {
    ...view,
    deploymentId: deployment.id,
    status: deployment.status,
    asOf: timeOf(view.asOfMs),
    blockers: view.blockers.map(toBlockerView),
    reservation: toReservationDto(view.reservation),
    preemption: preemption === null ? null : toPreemptionAnalysis(preemption),
    unlocks: unlocks === null ? null : unlocks.map(toUnlock),
    truncatedKinds: [...view.cut],
    eta: eta === null ? null : toEta(eta),
    comparison: comparison === null ? null : toComparison(comparison),
  });
}

function toPreemptionAnalysis({ isAllowed, ineligible, shortfall, ...view }: PreemptionAnalysisView) {
  return {
    allowed: isAllowed,
    sentence: view.sentence,
    victims: view.victims.slice(0, MAX_CANDIDATES),
    candidates: view.candidates.slice(0, MAX_CANDIDATES),
    ineligible: ineligible.map((one) => ({ ...one, until: one.untilMs === null ? null : timeOf(one.untilMs) })),
    shortfall: shortfall.map(viewOfReserved),
  };
}

function toUnlock(unlock: NamedUnlock) {
  if (unlock.kind === 'time') return { kind: unlock.kind, startsAt: timeOf(unlock.atMs) };
  const startsBy = unlock.untilMs === null ? {} : { startsBy: timeOf(unlock.untilMs) };
  switch (unlock.kind) {
    case 'request':
      return { ...startsBy, kind: unlock.kind, less: toResources(unlock.less), request: toResources(unlock.request) };
    case 'capacity':
      return { ...startsBy, kind: unlock.kind, more: toResources(unlock.more), capacity: toResources(unlock.capacity) };
    case 'ended':
      return { ...startsBy, ...unlock, fewest: unlock.isFewest };
    case 'nothing':
    case 'priority':
    case 'policy':
      return { ...startsBy, ...unlock };
  }
}
