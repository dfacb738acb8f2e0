import { plan, type Snapshot } from '#packing';

import { type StoredDecision } from './chain.js';
import { type Decision, decodeDecision } from './decision-codec.js';
import { type Difference, firstDifference } from './first-difference.js';

/** A decision with its place in the log. */
export interface ReadDecision extends Decision {
  readonly stored: StoredDecision;
}

/** A decision, and the first difference between its plan and the one that the planner makes now; null where they are identical. */
export interface ReplayedDecision extends ReadDecision {
  readonly difference: Difference | null;
}

/** Stored decisions in the order of their positions, from the database or a file. */
export type StoredDecisions = AsyncIterable<StoredDecision> | Iterable<StoredDecision>;

/** Decodes stored decisions. What comes before the first whole one is left out: its base was removed. */
export async function* readDecisions(stored: StoredDecisions): AsyncGenerator<ReadDecision> {
  let before: Snapshot | null = null;
  for await (const one of stored) {
    if (before === null && !one.isWhole) continue;
    const decision: Decision = decodeDecision(one.record, one.isWhole ? null : before);
    before = decision.snapshot;
    yield { stored: one, ...decision };
  }
}

/** Plans again what was decided from a time to another, both included. A plan that was stopped by time is stopped at the same step. */
export async function* replay(
  stored: StoredDecisions,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): AsyncGenerator<ReplayedDecision> {
  for await (const read of readDecisions(stored)) {
    if (read.snapshot.nowMs > toMs) return;
    if (read.snapshot.nowMs < fromMs) continue;
    yield { ...read, difference: firstDifference(read.plan, planAgain(read)) };
  }
}

/** The plan of the same snapshot by this planner. */
export function planAgain({ snapshot, plan: made }: Decision): unknown {
  const { stopped, steps } = made.certificate;
  const again = plan(snapshot, stopped === 'deadline' ? { stopAtSteps: steps } : {});
  return JSON.parse(JSON.stringify(again));
}
