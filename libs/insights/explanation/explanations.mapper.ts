import { toResources } from '#clusters';
import { type Blocker, type BlockerView, viewOfBlocker, viewOfReserved } from '#packing';
import { toReservationDto } from '#scheduler';

import { type Comparison } from '../comparison/comparison.js';
import { type DisplacementDto, type YieldingDto } from '../parts/displacements.dto.js';
import { type DisplacementView, MAX_YIELDING, type Yielding } from '../parts/displacements.js';
import { type BlockerDto } from '../parts/blocker.dto.js';
import { type ComparisonDto } from '../comparison/comparison.dto.js';
import { type EtaDto, type ExplanationDto, type ExplanationQuery, type UnlockDto } from './explanations.dto.js';
import { type EtaView, type ExplanationView, type ExplanationWish, type NamedUnlock } from './explanations.service.js';

/** A moment as the API writes it. */
export function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** How long the future is played, in milliseconds. */
const EFFORT = { none: 0, quick: 100, full: 2_000 } as const;

/** What is asked for. */
export function toWish({ unlocks, eta, versus }: ExplanationQuery): ExplanationWish {
  return { unlocks, forecastMs: EFFORT[eta], versus: versus ?? null };
}

/** What of an explanation leaves the service. */
export function toExplanationDto(view: ExplanationView): ExplanationDto {
  const { deployment, unlocks, eta, comparison, reservation, displacement } = view;
  return {
    deploymentId: deployment.id,
    status: deployment.status,
    asOf: timeOf(view.asOfMs),
    position: view.position,
    startsNext: view.startsNext,
    sentence: view.sentence,
    blockers: view.blockers.map(toBlockerDto),
    reservation: reservation === null ? null : toReservationDto(reservation),
    displacement: displacement === null ? null : toDisplacementDto(displacement),
    unlocks: unlocks === null ? null : unlocks.map(toUnlockDto),
    unlocksCut: [...view.cut],
    eta: eta === null ? null : toEtaDto(eta),
    comparison: comparison === null ? null : toComparisonDto(comparison),
  };
}

function toDisplacementDto(view: DisplacementView): DisplacementDto {
  const { isAllowed, sentence, victims, candidates, staying, short } = view;
  return {
    allowed: isAllowed,
    sentence,
    victims: victims.slice(0, MAX_YIELDING).map(toYieldingDto),
    candidates: candidates.slice(0, MAX_YIELDING).map(toYieldingDto),
    staying: staying.map(({ reason, deployments, untilMs }) => ({
      reason,
      deployments,
      until: untilMs === null ? null : timeOf(untilMs),
    })),
    short: short.map(viewOfReserved),
  };
}

/** Somebody who is, or could be, stopped. */
export function toYieldingDto({ id, name, priority, lostSeconds }: Yielding): YieldingDto {
  return { id, name, priority, lostSeconds };
}

/** A blocker, in the units of the API. */
export function toBlockerDto(blocker: Blocker): BlockerDto {
  return toShownBlockerDto(viewOfBlocker(blocker, timeOf));
}

/** A blocker that is in the units of the API. */
export function toShownBlockerDto(view: BlockerView): BlockerDto {
  return view.code === 'RESERVATION' || view.code === 'CLAIM'
    ? { ...view, resources: view.resources.map((resource) => ({ ...resource })) }
    : { ...view };
}

/** When somebody starts, as far as that is known. */
export function toEtaDto({ atMs, reason, horizonMs }: EtaView): EtaDto {
  return {
    startsAt: atMs === null ? null : timeOf(atMs),
    reason,
    horizon: horizonMs === null ? null : timeOf(horizonMs),
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

function toComparisonDto({ otherId, firstId, rule, sentence, passId, isFromRecord }: Comparison): ComparisonDto {
  const common = { versus: otherId, first: firstId, rule: rule.rule, sentence, passId, fromRecord: isFromRecord };
  switch (rule.rule) {
    case 'did-not-fit':
      return { ...common, blockers: rule.blockers.map(toBlockerDto) };
    case 'claim':
      return { ...common, claimedAt: timeOf(rule.sinceMs) };
    case 'displaced': {
      const { priority, otherPriority, victims, victimPriority } = rule;
      return { ...common, priority, otherPriority, victims, victimPriority };
    }
    case 'priority':
      return { ...common, priority: rule.priority, otherPriority: rule.otherPriority };
    case 'age':
      return { ...common, queuedAt: timeOf(rule.queuedAtMs), otherQueuedAt: timeOf(rule.otherQueuedAtMs) };
    case 'more-starts':
      return { ...common, priority: rule.priority, placed: rule.placed, placedWithOther: rule.placedWithOther };
    case 'less-lost': {
      const { priority, stopped, stoppedWithOther } = rule;
      return { ...common, priority, stopped, stoppedWithOther };
    }
    case 'yielded':
      return { ...common, priority: rule.priority };
    case 'utilization': {
      const { utilization, utilizationWithOther } = rule;
      return { ...common, utilization, utilizationWithOther };
    }
    case 'not-waiting':
    case 'same-pass':
      return { ...common, startedAt: rule.startedAt };
    case 'reservation':
    case 'tie':
    case 'undecided':
      return common;
  }
}
