export { plan } from './plan.js';
export { verify } from './verify.js';
export * from './explain/index.js';
export { DEFAULT_POLICY } from './policy.js';
export {
  type LevelProof,
  type Multipliers,
  type Proof,
  type ProofPart,
  PROOF_SCALE,
  type ProofNode,
  type Refutation,
} from './proof.js';
export type {
  Certificate,
  LevelCertificate,
  Placement,
  Plan,
  PlanningPolicy,
  PlanOptions,
  ReservationCause,
  ReservationEvent,
  RunningGroup,
  Snapshot,
  StandingReservation,
  Verdict,
  WaitingHead,
  WaitingShape,
} from './types.js';
