// The whole of a planner thread: pure code behind a message port. Each function is a question that it answers.
import { constants, getPriority, platform, setPriority } from 'node:os';

import { type LeftByPass, type PackedSurvey, packSurvey, surveyOf } from '#insights';
import {
  answerOf,
  blockersOf,
  type Change,
  changed,
  type ClusterStop,
  type Contender,
  type Displacement,
  displacementOf,
  forecast,
  type Forecast,
  type OrderRule,
  plan,
  type Plan,
  type PlanAnswer,
  problemOf,
  type ShapeBlockers,
  type Snapshot,
  type Standing,
  type Unlocks,
  unlocksOf,
  type WaitingHead,
  type WholeProblem,
  whyFirst,
} from '#packing';

import { packSight } from '../passes/pass-sight.js';

/** The plan of a pass, and what is to be remembered of what it saw; null: nothing. */
export interface PassPlan {
  readonly plan: Plan;
  readonly sight: Uint8Array | null;
}

/** Plans for a pass. What is remembered is packed here, so that it costs no event loop anything. */
export function planPass(snapshot: Snapshot): PassPlan {
  const made = plan(snapshot);
  return { plan: made, sight: packSight(snapshot, made) };
}

/** Surveys what a pass left waiting. Whoever plans meanwhile comes first, where the system knows priorities of threads. */
export function survey(left: LeftByPass): PackedSurvey {
  makeWayForOthers();
  return packSurvey(surveyOf(left));
}

/** What is asked of one deployment. Budgets in milliseconds; 0: not asked for. */
export interface ExplainTask {
  readonly snapshot: Snapshot;
  readonly stops: readonly ClusterStop[];
  readonly subject: WaitingHead & { readonly shape: number; readonly older: readonly number[] };
  readonly unlockMs: number;
  readonly forecastMs: number;
}

/** The answers to it. */
export interface ExplainResult {
  readonly plan: Plan;
  /** What keeps those of its shape that the plan leaves waiting; null: it leaves none. */
  readonly blockers: ShapeBlockers | null;
  /** Who could be stopped for it. */
  readonly displacement: Displacement;
  readonly unlocks: Unlocks | null;
  readonly forecast: Forecast | null;
}

/** Why one deployment waits, what would start it, and when it starts. */
export function explain({ snapshot, stops, subject, unlockMs, forecastMs }: ExplainTask): ExplainResult {
  const seen = changed(snapshot, {});
  const result = plan(seen);
  const { id, queuedAtMs, shape, older } = subject;
  const blockers = blockersOf(seen, result, stops).find((one) => one.shape === shape) ?? null;
  const standing: Standing = { id, queuedAtMs, shape, older: older[shape] ?? 0 };
  return {
    plan: result,
    blockers,
    displacement: displacementOf(seen, result, shape),
    unlocks:
      unlockMs === 0
        ? null
        : unlocksOf(
            snapshot,
            { id, queuedAtMs, shape, olderIn: (other) => older[other] ?? 0 },
            { shouldStop: after(unlockMs) },
          ),
    forecast: forecastMs === 0 ? null : forecast(snapshot, [standing], { shouldStop: after(forecastMs) }),
  };
}

/** When those start who are asked for. */
export interface ForecastTask {
  readonly snapshot: Snapshot;
  readonly standings: readonly Standing[];
  readonly forecastMs: number;
}

/** Plays the declared future. */
export function foresee({ snapshot, standings, forecastMs }: ForecastTask): Forecast {
  return forecast(snapshot, standings, { shouldStop: after(forecastMs) });
}

/** A change that somebody thinks of. */
export interface WhatIfTask {
  readonly snapshot: Snapshot;
  readonly change: Change;
  /** What stops the cluster once the change is made. */
  readonly stops: readonly ClusterStop[];
}

/** The next pass as things are, and as they would be. */
export interface WhatIfResult {
  readonly before: { readonly snapshot: Snapshot; readonly plan: Plan };
  readonly after: { readonly snapshot: Snapshot; readonly plan: Plan; readonly blockers: readonly ShapeBlockers[] };
}

/** Plans twice: as things are, and as they would be. */
export function whatIf({ snapshot, change, stops }: WhatIfTask): WhatIfResult {
  const before = changed(snapshot, {});
  const after = changed(snapshot, change);
  const planAfter = plan(after);
  return {
    before: { snapshot: before, plan: plan(before) },
    after: { snapshot: after, plan: planAfter, blockers: blockersOf(after, planAfter, stops) },
  };
}

/** A problem that stands alone. */
export interface ProblemTask {
  readonly problem: WholeProblem;
  /** See `answerOf`. */
  readonly mostBlockers: number;
}

/** Its plan, and how long planning took. */
export interface ProblemResult {
  readonly answer: PlanAnswer;
  readonly elapsedMs: number;
}

/** Plans a whole problem, as the offline planner does. */
export function planProblem({ problem, mostBlockers }: ProblemTask): ProblemResult {
  const read = problemOf(problem);
  const startMs = performance.now();
  const made = plan(read.snapshot);
  const elapsedMs = performance.now() - startMs;
  return { answer: answerOf(read, made, (timeMs) => new Date(timeMs).toISOString(), mostBlockers), elapsedMs };
}

/** Two deployments, one of which a plan starts. */
export interface OrderTask {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly first: Contender;
  readonly other: Contender;
}

/** Why it starts this one. */
export function order({ snapshot, plan: made, first, other }: OrderTask): OrderRule {
  return whyFirst(snapshot, made, first, other);
}

/** On Linux a priority belongs to the thread that sets it; elsewhere it would be that of the whole process. */
function makeWayForOthers(): void {
  const { PRIORITY_BELOW_NORMAL: low } = constants.priority;
  if (platform() === 'linux' && getPriority() < low) setPriority(low);
}

/** True once so many milliseconds are over. */
function after(budgetMs: number): () => boolean {
  const endMs = performance.now() + budgetMs;
  return () => performance.now() >= endMs;
}
