import { type EntityManager } from '#database';
import { type ClusterWork } from '#deployments';
import {
  type Displacement,
  displacementInWords,
  type ReservedResource,
  type RunningGroup,
  type Staying,
} from '#packing';

import { type ExplainResult } from '../pass/planner-thread.js';
import { type Present } from './present.js';
import { timeInWords } from './time-in-words.js';

/** A running deployment that is, or could be, stopped for somebody. */
export interface Yielding {
  readonly id: string;
  readonly name: string;
  readonly priority: number;
  /** Whole seconds that it has run: work that would be lost. */
  readonly lostSeconds: number;
}

/** Whether what runs is, or could be, stopped for a deployment, and what forbids it. */
export interface DisplacementView {
  readonly isAllowed: boolean;
  readonly sentence: string;
  /** What the next pass stops for those of its kind. */
  readonly victims: readonly Yielding[];
  /** What else could be stopped, by the policy as it is; of very many, some. */
  readonly candidates: readonly Yielding[];
  readonly staying: readonly Staying[];
  /** What there would be too little of even then. */
  readonly short: readonly ReservedResource[];
}

/** So many are named. */
export const MAX_YIELDING = 100;

/** Gives names to those that are, or could be, stopped for a deployment. */
export async function nameDisplacement(
  em: EntityManager,
  work: ClusterWork,
  present: Present,
  shape: number,
  { plan, displacement }: Pick<ExplainResult, 'plan' | 'displacement'>,
): Promise<DisplacementView> {
  const { running } = present.snapshot;
  const first = (groups: readonly number[]): RunningGroup[] =>
    groups.slice(0, MAX_YIELDING).flatMap((group) => running[group] ?? []);
  const gone = first(plan.preempt.filter(({ by }) => by === shape).map(({ group }) => group));
  const could = first(displacement.candidates);
  const named = await nameYielding(em, work, present, [...gone, ...could]);
  const of = (groups: readonly RunningGroup[]): Yielding[] =>
    groups.flatMap(({ preemptible }) => named.get(preemptible?.id ?? '') ?? []);
  const victims = of(gone);
  const { isAllowed, staying, short } = displacement;
  return { isAllowed, sentence: inWords(displacement, victims), victims, candidates: of(could), staying, short };
}

/** Running deployments that are told apart, by id, as people know them. */
export async function nameYielding(
  em: EntityManager,
  work: ClusterWork,
  { organizationId, clusterId, snapshot }: Present,
  groups: readonly RunningGroup[],
): Promise<ReadonlyMap<string, Yielding>> {
  const chosen = groups.flatMap(({ priority, preemptible }) =>
    preemptible === undefined ? [] : [{ priority, ...preemptible }],
  );
  const found = await work.find(
    em,
    { organizationId, clusterId },
    chosen.map(({ id }) => id),
  );
  return new Map(
    chosen.map(({ id, priority, sinceMs }) => {
      const lostSeconds = Math.max(0, Math.floor((snapshot.nowMs - sinceMs) / 1000));
      return [id, { id, name: found.get(id)?.name ?? id, priority, lostSeconds }];
    }),
  );
}

function inWords(displacement: Displacement, victims: readonly Yielding[]): string {
  const [first, ...more] = victims;
  if (first === undefined) return displacementInWords(displacement, timeInWords);
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const lost = victims.reduce((sum, { lostSeconds }) => sum + lostSeconds, 0);
  return `So that what waits with this priority can start, ${first.name}${others} will be stopped, and lose ${lost} ${lost === 1 ? 'second' : 'seconds'} of work.`;
}
