import { ClusterBlockersSchema } from './blockers/cluster-blockers.entity.js';

export { InsightsModule } from './insights.module.js';
export { ProblemQueuedDto, ProblemRunningDto, WholeProblemDto } from './simulation/whole-problems.dto.js';
export { toWholeProblem } from './simulation/whole-problems.mapper.js';
export { duplicateIds } from './simulation/whole-problems.service.js';
export { PlanningPolicyDto } from './what-if/what-if.dto.js';

/** The tables of this lib. */
export const insightsEntities = [ClusterBlockersSchema];
