import { type EntityManager } from '#database';
import { type ClusterWork, type RunningDeployment } from '#deployments';
import {
  type PreemptionAnalysis,
  preemptionInWords,
  type Plan,
  type ReservedResource,
  type RunningGroup,
  type Ineligible,
} from '#packing';
import { type CurrentSnapshot } from '#scheduler';

import { timeInWords } from './time-in-words.js';

/** A running deployment that is, or could be, preempted. */
export interface NamedCandidate {
  readonly id: string;
  readonly name: string;
  readonly priority: number;
  /** Whole seconds that it has run: work that would be lost. */
  readonly lostSeconds: number;
}

/** Whether what runs is, or could be, stopped for a deployment, and what forbids it. */
export interface PreemptionAnalysisView {
  readonly isAllowed: boolean;
  readonly sentence: string;
  /** What the next pass stops for those of its kind; where it is nominated, what is stopping for those that have one. */
  readonly victims: readonly NamedCandidate[];
  /** What else could be stopped, by the policy as it is; of very many, some. */
  readonly candidates: readonly NamedCandidate[];
  readonly ineligible: readonly Ineligible[];
  /** What there would be too little of even then. */
  readonly shortfall: readonly ReservedResource[];
}

/** The most deployments that an answer names. */
export const MAX_CANDIDATES = 100;

/**
 * Gives names to those that are, or could be, stopped for a deployment.
 *
 * @param shape index into `snapshot.waiting`
 * @param isNominated whether it is nominated already to what is stopping
 */
export async function namePreemption(
  em: EntityManager,
  work: ClusterWork,
  present: CurrentSnapshot,
  { shape, isNominated }: { readonly shape: number; readonly isNominated: boolean },
  { plan, preemption }: { readonly plan: Plan; readonly preemption: PreemptionAnalysis },
): Promise<PreemptionAnalysisView> {
  const { running } = present.snapshot;
  const singles = (groups: readonly number[]): Single[] =>
    groups.slice(0, MAX_CANDIDATES).flatMap((group) => singlesOf(running[group]));
  const stopping = present.holding.filter((group): group is RunningDeployment => 'id' in group && group.isTerminating);
  const leaving = isNominated ? stopping.slice(0, MAX_CANDIDATES) : [];
  const gone = singles(plan.preempt.filter(({ by }) => by === shape).map(({ group }) => group));
  const could = singles(preemption.candidates);
  const named = await nameCandidates(em, work, present, [...leaving, ...gone, ...could]);
  const of = (chosen: readonly Single[]): NamedCandidate[] => chosen.flatMap(({ id }) => named.get(id) ?? []);
  const victims = of([...leaving, ...gone]);
  const { isAllowed, ineligible, shortfall } = preemption;
  const sentence = inWords(preemption, victims, isNominated);
  return { isAllowed, sentence, victims, candidates: of(could), ineligible, shortfall };
}

/** A running deployment that is told apart. */
export type Single = Pick<RunningDeployment, 'id' | 'priority' | 'sinceMs'>;

/** The deployments behind a running group that may be preempted. */
export function singlesOf(group: RunningGroup | undefined): Single[] {
  return group?.preemptible === undefined ? [] : [{ priority: group.priority, ...group.preemptible }];
}

/** Running deployments that are told apart, by id, as people know them. */
export async function nameCandidates(
  em: EntityManager,
  work: ClusterWork,
  present: CurrentSnapshot,
  chosen: readonly Single[],
): Promise<ReadonlyMap<string, NamedCandidate>> {
  const found = await work.find(
    em,
    present,
    chosen.map(({ id }) => id),
  );
  return new Map(
    chosen.map(({ id, priority, sinceMs }) => {
      const lostSeconds = Math.max(0, Math.floor((present.snapshot.nowMs - sinceMs) / 1000));
      return [id, { id, name: found.get(id)?.name ?? id, priority, lostSeconds }];
    }),
  );
}

function inWords(preemption: PreemptionAnalysis, victims: readonly NamedCandidate[], isNominated: boolean): string {
  const [first, ...more] = victims;
  if (first === undefined) return preemptionInWords(preemption, timeInWords);
  const isOne = more.length === 0;
  const who = isOne ? first.name : `${first.name} and ${more.length} more`;
  const stops = isNominated
    ? `${isOne ? 'is' : 'are'} being stopped, and ${isOne ? 'loses' : 'lose'}`
    : 'will be stopped, and lose';
  const lost = victims.reduce((sum, { lostSeconds }) => sum + lostSeconds, 0);
  return `So that what waits with this priority can start, ${who} ${stops} ${lost} ${lost === 1 ? 'second' : 'seconds'} of work.`;
}
