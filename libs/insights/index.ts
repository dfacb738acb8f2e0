import { ClusterBlockersSchema } from './blockers/cluster-blockers.entity.js';
import { StartPredictionSchema } from './likely/start-prediction.entity.js';

export { InsightsModule } from './insights.module.js';
export { SimulationQueuedDto, SimulationRunningDto, SimulationRequestDto } from './simulation/simulations.dto.js';
export { toProblem } from './simulation/simulations.mapper.js';
export { duplicateIds } from './simulation/simulations.service.js';

/** The tables of this lib. */
export const insightsEntities = [ClusterBlockersSchema, StartPredictionSchema];
