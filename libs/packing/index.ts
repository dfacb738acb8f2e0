export { plan } from './planning/plan.js';
export { verify } from './proof/verify.js';
export * from './explain/index.js';
export { DEFAULT_POLICY, PLANNING_LIMITS, type Range } from './policy.js';
export {
  type LevelProof,
  type Multipliers,
  type Proof,
  PROOF_SCALE,
  type ProofNode,
  type Refutation,
} from './proof.js';
export { PREEMPTION, RESERVATION_STATES } from './types.js';
export type {
  Certificate,
  Claim,
  KeptCertificate,
  LevelCertificate,
  Placement,
  Plan,
  PlanningPolicy,
  PlanOptions,
  Preemptible,
  Preempting,
  Preemption,
  ReservationCause,
  ReservationEvent,
  RunningGroup,
  Snapshot,
  StandingReservation,
  Verdict,
  WaitingHead,
  WaitingShape,
} from './types.js';
