/**
 * What proves a certificate, as plain data. Only the forms stand here: the solver writes them, the verifier reads them, and neither sees the other.
 *
 * A proof speaks of *classes*: waiting shapes that the program cannot tell apart (same priority, same request, same side of a reservation's time),
 * ordered by priority from the highest, then request. Every multiplier is a whole number, so that a verifier can compute exactly;
 * all are relative to `PROOF_SCALE`.
 */
export interface Proof {
  /** Shapes of which one more is given, beside those that `includes` names: a reservation fell due, but its victims have yet to stop. */
  readonly due?: readonly number[];
  /** Per level, from the highest priority: why no more than the certificate's upper bound can be placed. */
  readonly levels: readonly LevelProof[];
  /** Why utilization cannot exceed its bound, given the counts. */
  readonly utilization: Multipliers;
}

/** 2^60: one unit of the objective, in which multipliers count. A power of two, so that scaling loses nothing. */
export const PROOF_SCALE = 1_152_921_504_606_846_976;

/** A linear combination of constraints: capacity rows (each >= 0) and sums over sets of classes (any sign). Missing ones are zero. */
export interface Multipliers {
  /** One for each capacity row: resources now, then, beside a reservation, resources at its time. */
  readonly capacity: readonly number[];
  /** First "count at this level = placed there", by level from the highest; where a level is refuted also that level; then its groups. */
  readonly sums: readonly number[];
}

/** Why no more can start at one level: a bound at the root, and where more than that is needed, a case distinction. */
export interface LevelProof {
  /** Bounds the level's count by linear programming duality; all zero proves no more than the number that wait. */
  readonly root: Multipliers;
  /** Why more than was placed is impossible although the root's bound allows it; `null` where it does not, or where that is not known. */
  readonly refutation: Refutation | null;
}

/** No plan has `target` or more at the level: a finite case distinction, each case a contradiction. */
export interface Refutation {
  readonly target: number;
  /** Sets of classes (by index) whose sums are distinguished, numbered after the levels down to this one. */
  readonly groups: readonly (readonly number[])[];
  readonly tree: ProofNode;
}

/**
 * Multipliers that show a contradiction; or that leave so little slack that classes are narrowed by it (and then the rest);
 * or a case distinction on a group's sum: at most `at`, or at least `at + 1`.
 */
export type ProofNode =
  | { readonly multipliers: Multipliers }
  | { readonly cut: Multipliers; readonly then: ProofNode }
  | { readonly group: number; readonly at: number; readonly below: ProofNode; readonly above: ProofNode };
