export { plan } from './planning/plan.js';
export { gatherAfterMs } from './planning/reservation-owner.js';
export { expectEndMs, expectSeconds } from './planning/expectation.js';
export { verify } from './proof/verify.js';
export { type SimulatedDeployment, Simulation } from './simulation/simulation.js';
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
export { OBJECTIVES, PREEMPTION, RESERVATION_ORDERS } from './types.js';
export {
  isSameShape,
  type Nomination,
  nominationsOf,
  type OwnedReservation,
  ownedReservation,
  type Reservation,
  OWNED_STATES,
} from './reservation.js';
export type {
  Certificate,
  PreemptionCertificate,
  LevelCertificate,
  Objective,
  Placement,
  Plan,
  PlanningPolicy,
  PlanOptions,
  Preemptible,
  Preempting,
  ReservationOrder,
  Preemption,
  ReservationCause,
  ReservationEvent,
  RunningGroup,
  Snapshot,
  Verdict,
  WaitingMember,
  WaitingShape,
} from './types.js';
