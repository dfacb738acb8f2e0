import { Module } from '@nestjs/common';

import { BackgroundPlannerPool, PlannerPool } from './planner-pool.js';

/** The planner threads of a process. A pool without work has no thread. */
@Module({ providers: [PlannerPool, BackgroundPlannerPool], exports: [PlannerPool, BackgroundPlannerPool] })
export class PlannerModule {}
