import { Module } from '@nestjs/common';

import { BackgroundPlannerPool } from './planner-pool.js';

/** The planner thread for work that is not urgent. Without work there is no thread. */
@Module({ providers: [BackgroundPlannerPool], exports: [BackgroundPlannerPool] })
export class PlannerModule {}
