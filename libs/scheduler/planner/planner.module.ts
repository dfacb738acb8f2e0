import { Module } from '@nestjs/common';

import { BackgroundPlanner, Planner } from './planner.js';

/** The planner threads of a process. A pool without work has no thread. */
@Module({ providers: [Planner, BackgroundPlanner], exports: [Planner, BackgroundPlanner] })
export class PlannerModule {}
