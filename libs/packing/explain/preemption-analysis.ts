import { RESOURCES } from '#kernel';

import { eligibleAtMs } from '../planning/candidates.js';
import { toRow } from '../rows.js';
import { freeAt } from '../planning/timeline.js';
import type { Plan, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import { allocationsAfter, type ReservedResource } from './blockers.js';

/** Why a running deployment is not preempted for another. */
export type IneligibleReason =
  /** It has the same priority, or a higher one. */
  | 'not-lower'
  /** It is not marked preemptible. */
  | 'not-preemptible'
  /** It is marked, and left out because so much is that a pass looks at no more. */
  | 'not-considered'
  /** It has been preempted as often as the policy allows. */
  | 'too-often'
  /** It has not run for as long as the policy grants. */
  | 'too-new'
  /** It is stopping already, or is about to for another deployment. */
  | 'stopping';

/** Running deployments that stay, for one reason. */
export interface Ineligible {
  readonly reason: IneligibleReason;
  readonly deployments: number;
  /** `too-new`: when the first of them may be preempted; otherwise null. */
  readonly untilMs: number | null;
}

/** Whether running deployments could be preempted for one that waits, and what forbids it. */
export interface PreemptionAnalysis {
  /** What the policy of the cluster says. */
  readonly isAllowed: boolean;
  /** Running groups of one, of lower priority, that may be preempted under the policy: index into `snapshot.running`. */
  readonly candidates: readonly number[];
  /** Everything else that runs and is not preempted for the shape, by reason. */
  readonly ineligible: readonly Ineligible[];
  /** Resources of which there would be too little even if all candidates were gone. */
  readonly shortfall: readonly ReservedResource[];
}

/**
 * Analyzes which running deployments could be preempted for a shape, beside what a plan decides already.
 *
 * Where the policy allows it, the planner has tried: what waits even so is shortfall of something, or waits for a reason that is not room.
 */
export function preemptionAnalysisOf(snapshot: Snapshot, plan: Plan, shapeIndex: number): PreemptionAnalysis {
  const { running, policy, nowMs, waiting } = snapshot;
  const shape = waiting[shapeIndex]!;
  const gone = new Map(plan.preempt.map(({ group, by }) => [group, by]));
  const candidates: number[] = [];
  const ineligible = new Map<IneligibleReason, { deployments: number; untilMs: number | null }>();
  const stay = (reason: IneligibleReason, deployments: number, fromMs: number | null): void => {
    if (deployments === 0) return;
    const known = ineligible.get(reason) ?? { deployments: 0, untilMs: null };
    const untilMs = fromMs === null ? known.untilMs : Math.min(fromMs, known.untilMs ?? Infinity);
    ineligible.set(reason, { deployments: known.deployments + deployments, untilMs });
  };
  for (const [index, group] of running.entries()) {
    if (gone.get(index) === shapeIndex) continue;
    const reason = gone.has(index) ? 'stopping' : reasonToStay(snapshot, group, shape);
    if (reason === null) {
      candidates.push(index);
      continue;
    }
    const left = reason === 'not-preemptible' ? Math.min(group.notConsidered ?? 0, group.count) : 0;
    stay(reason, group.count - left, reason === 'too-new' ? eligibleAtMs(snapshot, group) : null);
    stay('not-considered', left, null);
  }
  const free = freeAt(snapshot, allocationsAfter(snapshot, plan), nowMs);
  for (const index of candidates) {
    toRow(running[index]!.resources).forEach((amount, row) => (free[row] = free[row]! + amount));
  }
  const shortfall = toRow(shape.request).flatMap((needed, row): ReservedResource[] => {
    const available = Math.max(0, free[row]!);
    return needed > 0 && needed > available ? [{ resource: RESOURCES[row]!, needed, available }] : [];
  });
  return {
    isAllowed: policy.preemption !== 'never',
    candidates,
    ineligible: [...ineligible].map(([reason, how]) => ({ reason, ...how })),
    shortfall,
  };
}

function reasonToStay(snapshot: Snapshot, group: RunningGroup, { priority }: WaitingShape): IneligibleReason | null {
  if (group.isTerminating === true) return 'stopping';
  if (group.priority >= priority) return 'not-lower';
  if (group.preemptible === undefined) return 'not-preemptible';
  if (group.preemptible.preemptions >= snapshot.policy.maxPreemptions) return 'too-often';
  const fromMs = eligibleAtMs(snapshot, group);
  if (fromMs === null) return 'not-preemptible';
  return fromMs > snapshot.nowMs ? 'too-new' : null;
}
