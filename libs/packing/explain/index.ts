export { answerOf, type PlanAnswer, type ReservationAnswer } from './answer.js';
export {
  type OutrankedReason,
  BLOCKER_CODES,
  type Blocker,
  type BlockerCode,
  blockersOf,
  blockersOfOne,
  type ClusterStop,
  type ReservedResource,
  type ShapeBlockers,
} from './blockers.js';
export { type Change, changed, type Member, type ShapeOf } from './change.js';
export {
  type PreemptionAnalysis,
  preemptionAnalysisOf,
  type Ineligible,
  type IneligibleReason,
} from './preemption-analysis.js';
export { errorOf, LEAST_ERRORS, type LikelyRange, likelyRange, MAX_ERRORS } from './calibration.js';
export { type Eta, type Forecast, forecast, type ForecastOptions, type NoForecast, type RealEnds } from './forecast.js';
export { type KnownRuntimes, type LikelyOptions, type LikelyWait, likelyWaits } from './likely.js';
export { type Competitor, type OrderRule, whyFirst } from './order.js';
export { compareAge } from '../rows.js';
export { keyOf, type QueuePosition, type Start, startOf, whoStarts, startsOf } from './places.js';
export {
  type Problem,
  PROBLEM_LIMITS,
  problemOf,
  type QueuedDeployment,
  reservationOf,
  type RunningDeployment,
  runningOf,
  type ReservationStatement,
  type WholeProblem,
} from './problem.js';
export { preemptionInWords, grouped, inWords, sentenceOf, type TimeFormat } from './sentence.js';
export { type Subject, type Unlock, type UnlockOptions, type Unlocks, unlocksOf } from './unlock.js';
export { amountsInUnits, type BlockerView, inUnits, type ResourceName, viewOfBlocker, viewOfReserved } from './view.js';
