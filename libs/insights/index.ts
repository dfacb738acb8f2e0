import { ClusterBlockersSchema } from './blockers/cluster-blockers.entity.js';

export { InsightsModule } from './insights.module.js';

/** The tables of this lib. */
export const insightsEntities = [ClusterBlockersSchema];
