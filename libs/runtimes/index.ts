import { LearnedRuntimeSchema } from './learned-runtime.entity.js';

export {
  kindsOf,
  learnedOf,
  LEAST_RUNS,
  mostAlike,
  remembered,
  type RunOf,
  secondsOf,
  withRuns,
  knownSeconds,
} from './history.js';
export { RuntimeLearning } from './runtime-learning.js';
export { RuntimeRetention } from './runtime-retention.js';
export { RuntimeLearningModule, RuntimeRetentionModule, RuntimesModule } from './runtimes.module.js';

/** The tables of this lib. */
export const runtimeEntities = [LearnedRuntimeSchema];
